#!/usr/bin/env node
import { run } from './run.js'

// No process.exit: what was printed must reach its reader first.
process.exitCode = await run(process.argv.slice(2), process)
