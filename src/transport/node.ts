export { type ListenOptions, listen, type Refusal } from './listen.js'
export { DEFAULT_LINGER, fromSocket, type SocketOptions } from './socket-connection.js'
export { DEFAULT_CONNECT_TIMEOUT, type TcpOptions, tcp } from './tcp.js'
