/** Node's and the library's types leave WebAssembly to those of the DOM. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new <Exports>(module: object) => { readonly exports: Exports }
}

/** What every module of ours exports. */
export interface WithMemory {
  readonly memory: { readonly buffer: ArrayBuffer }
}

/**
 * Compiles a module of `wasm.ts`.
 * @throws whatever the platform throws: without WebAssembly or the instructions, or where a page's policy forbids it
 */
export function instantiate<Exports extends WithMemory>(bytes: Uint8Array<ArrayBuffer>): Exports {
  return new WebAssembly.Instance<Exports>(new WebAssembly.Module(bytes)).exports
}

/** A number with its four bytes in the opposite order. */
export function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
