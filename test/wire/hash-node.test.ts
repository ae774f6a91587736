import { sha256 } from '../../src/wire/crypto/node.js'
import { bytesToHex } from '../../src/wire/hex.js'
import { describePlainDigests, describeSha256 } from '../support/sha256-suite.js'

// A file of its own: the one backend that no browser can load. vitest.config.ts leaves it out there by name.

describeSha256('the node backend', bytes => bytesToHex(sha256(bytes)))
describePlainDigests('the node backend', sha256)
