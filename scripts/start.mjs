// `npm start` runs the demo; `npm start -- watch HOST` hands its words to the command. In this very process, so that
// Ctrl-C ends the command and not only its parent.
if (process.argv.length === 2) process.argv.push('demo')
await import('../dist/cli/main.js')
