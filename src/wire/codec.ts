import type { Reader, Writer } from './cursor.js'
import { bytesToHex, latin1, toHex } from './hex.js'
import { MAX_PAYLOAD } from './limits.js'
import { type List, ListView } from './list.js'

/** What `JSON.stringify` prints without help. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain }

/** How much of long lists and byte strings a plain form spells out. */
export interface PlainLimits {
  /** Lists with more items become `{ length, first }` with the first few. Default: no limit. */
  readonly maxItems?: number | undefined
  /** Byte strings above it become `{ length, start }` with the first few bytes in hex. Default: no limit. */
  readonly maxBytes?: number | undefined
}

/** Bytes to a value and back, and to a plain form that people and tests can read. */
export interface Codec<T> {
  /** Bytes that the shortest encoding takes; bounds counts before anything is allocated. */
  readonly minSize: number
  /** Reads one value from where the reader stands. Throws {@link WireError} where the bytes are none. */
  decode(reader: Reader): T
  /** Writes one value. Throws {@link WireError} where it has no encoding. */
  encode(writer: Writer, value: T): void
  /** Hashes in display hex, other bytes in hex, 64-bit values as decimal strings, lists as arrays. */
  plain(value: T, limits: PlainLimits): Plain
}

/** A codec whose encodings all take `size` bytes, so that lists of them can be read at any index. */
export interface FixedCodec<T> extends Codec<T> {
  /** Bytes of every encoding. */
  readonly size: number
  /** The value at `offset`; the caller has checked that `size` bytes are there. */
  read(bytes: Uint8Array, offset: number): T
}

/** The value that a codec codes. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never

/** How many items or bytes a summary shows of what it leaves out. */
const SUMMARY_ITEMS = 5
const SUMMARY_BYTES = 32

const same = (value: number | boolean | string): Plain => value
const decimal = (value: bigint): Plain => value.toString()

function scalar<T>(
  minSize: number,
  decode: (reader: Reader) => T,
  encode: (writer: Writer, value: T) => void,
  plain: (value: T) => Plain,
): Codec<T> {
  return { minSize, decode, encode, plain }
}

/** One byte. */
export const u8: Codec<number> = scalar(
  1,
  r => r.u8(),
  (w, v) => w.u8(v),
  same,
)
/** Unsigned 16 bits, little-endian. */
export const u16: Codec<number> = scalar(
  2,
  r => r.u16(),
  (w, v) => w.u16(v),
  same,
)
/** Unsigned 32 bits, little-endian. */
export const u32: Codec<number> = scalar(
  4,
  r => r.u32(),
  (w, v) => w.u32(v),
  same,
)
/** Signed 32 bits, little-endian. */
export const i32: Codec<number> = scalar(
  4,
  r => r.i32(),
  (w, v) => w.i32(v),
  same,
)
/** Unsigned 64 bits, little-endian. */
export const u64: Codec<bigint> = scalar(
  8,
  r => r.u64(),
  (w, v) => w.u64(v),
  decimal,
)
/** Signed 64 bits, little-endian. */
export const i64: Codec<bigint> = scalar(
  8,
  r => r.i64(),
  (w, v) => w.i64(v),
  decimal,
)

/** A CompactSize used as a number. */
export const compactSize: Codec<number> = scalar(
  1,
  r => r.compactSize(),
  (w, v) => w.compactSize(v),
  same,
)

/** One byte; any value other than 0 reads as true, true is written as 1. */
export const bool: Codec<boolean> = scalar(
  1,
  r => r.u8() !== 0,
  (w, v) => w.u8(v ? 1 : 0),
  same,
)

/** Bytes in plain form: hex, or a summary where `limits` ask for one. */
export function plainBytes(bytes: Uint8Array, limits: PlainLimits): Plain {
  if (bytes.length <= (limits.maxBytes ?? Number.POSITIVE_INFINITY)) return bytesToHex(bytes)
  return { length: bytes.length, start: bytesToHex(bytes.subarray(0, SUMMARY_BYTES)) }
}

/** A list in plain form: an array, or a summary where `limits` ask for one. */
export function plainList<T>(values: List<T>, limits: PlainLimits, plain: (value: T) => Plain): Plain {
  if (values.length <= (limits.maxItems ?? Number.POSITIVE_INFINITY)) return Array.from(values, plain)
  const first: Plain[] = []
  for (const value of values) {
    if (first.length === SUMMARY_ITEMS) break
    first.push(plain(value))
  }
  return { length: values.length, first }
}

/** Exactly `size` bytes, as a view. */
export function fixedBytes(size: number): FixedCodec<Uint8Array> {
  return {
    minSize: size,
    size,
    decode: reader => reader.take(size),
    read: (bytes, offset) => bytes.subarray(offset, offset + size),
    encode: (writer, value) => {
      if (value.length !== size) throw writer.fault('bad-value', `${value.length} bytes where ${size} belong`)
      writer.raw(value)
    },
    plain: plainBytes,
  }
}

/** 32 bytes in wire order; plain form: display hex. */
export const hash: FixedCodec<Uint8Array> = { ...fixedBytes(32), plain: value => toHex(value) }

/** A CompactSize length and as many bytes, at most `limit`, as a view. */
export function varBytes(limit: number = MAX_PAYLOAD): Codec<Uint8Array> {
  return {
    minSize: 1,
    decode: reader => reader.varBytes(limit),
    encode: (writer, value) => writer.varBytes(value, limit),
    plain: plainBytes,
  }
}

/**
 * A CompactSize length and text, at most `limit` bytes. The protocol names no encoding, so every character stands for
 * one byte (U+0000 to U+00FF): nothing a remote sends is lost, and a character above U+00FF cannot be written.
 */
export function varText(limit: number = MAX_PAYLOAD): Codec<string> {
  return {
    minSize: 1,
    decode: reader => latin1(reader.varBytes(limit)),
    encode: (writer, value) => {
      const bytes = new Uint8Array(value.length)
      for (let i = 0; i < value.length; i += 1) {
        const unit = value.charCodeAt(i)
        if (unit > 0xff) throw writer.fault('bad-value', `the character "${value[i]}" does not fit one byte`)
        bytes[i] = unit
      }
      writer.varBytes(bytes, limit)
    },
    plain: same,
  }
}

/** A CompactSize count and as many items, at most `limit`, decoded at once. */
export function list<T>(item: Codec<T>, limit: number): Codec<List<T>> {
  return {
    minSize: 1,
    decode: reader => {
      const items: T[] = []
      const count = reader.count(limit, item.minSize)
      while (items.length < count) items.push(item.decode(reader))
      return items
    },
    encode: (writer, values) => {
      writer.count(values.length, limit)
      writer.room(values.length * item.minSize)
      for (const value of values) item.encode(writer, value)
    },
    plain: (values, limits) => plainList(values, limits, value => item.plain(value, limits)),
  }
}

/** A CompactSize count and as many items of one size, at most `limit`, as a view that reads an item when asked. */
export function view<T>(item: FixedCodec<T>, limit: number): Codec<List<T>> {
  return {
    ...list(item, limit),
    decode: reader => {
      const count = reader.count(limit, item.size)
      const { buffer, position } = reader
      reader.skip(count * item.size)
      return new ListView(count, index => item.read(buffer, position + index * item.size))
    },
  }
}

/** Keys in the order of the wire, each with the codec of its value. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Codec<T[K]> }

/** Fields one after the other. */
export function struct<T extends object>(fields: FieldsOf<T>): Codec<T> {
  // Object.keys is typed for objects that may have more keys than their type says; `fields` is a literal of T's keys.
  const keys = Object.keys(fields) as (keyof T)[]
  return {
    minSize: keys.reduce((sum, key) => sum + fields[key].minSize, 0),
    decode: reader => {
      const value: Partial<T> = {}
      for (const key of keys) value[key] = fields[key].decode(reader)
      return value as T
    },
    encode: (writer, value) => {
      for (const key of keys) fields[key].encode(writer, value[key])
    },
    plain: (value, limits) => {
      const plain: { [key: string]: Plain } = {}
      for (const key of keys) plain[String(key)] = fields[key].plain(value[key], limits)
      return plain
    },
  }
}

/** A field that is there only from protocol version `version` on; below it reads as `absent` and is not written. */
export function since<T>(version: number, codec: Codec<T>, absent: T): Codec<T> {
  return {
    minSize: 0,
    decode: reader => (reader.protocolVersion >= version ? codec.decode(reader) : absent),
    encode: (writer, value) => {
      if (writer.protocolVersion >= version) codec.encode(writer, value)
    },
    plain: (value, limits) => codec.plain(value, limits),
  }
}
