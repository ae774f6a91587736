/** Made by the `browser` project of vitest.config.ts: every vector file, base64 by path; undefined without the folder. */
declare module 'virtual:vectors' {
  const files: Readonly<Record<string, string>> | undefined
  export default files
}
