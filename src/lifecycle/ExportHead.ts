/**
 * Reading the first line of an export.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ImportRefused } from "../LifecycleError.ts"
import * as ExportFormat from "./ExportFormat.ts"
import * as RowReader from "./RowReader.ts"

const decodeHead = Schema.decodeUnknownOption(ExportFormat.Head)

const AnyFormat = Schema.Struct({ pantheon: Schema.Struct({ format: Schema.Int }) })
const decodeAnyFormat = Schema.decodeUnknownOption(AnyFormat)

/** Reads the first line. */
export const readHead = (line: string | undefined): Result.Result<ExportFormat.Head, ImportRefused> => {
  const refuse = (reason: ImportRefused["reason"], expected: string, found: string, remedy: string) =>
    Result.fail(new ImportRefused({ reason, line: 1, expected, found, remedy }))
  const value = line === undefined ? undefined : RowReader.parse(line)
  const head = decodeHead(value)
  if (Option.isSome(head)) return Result.succeed(head.value.pantheon)
  const known = decodeAnyFormat(value)
  if (Option.isSome(known) && known.value.pantheon.format > ExportFormat.format) {
    return refuse(
      "NewerFormat",
      `format ${ExportFormat.format}`,
      `format ${known.value.pantheon.format}`,
      "Import it with the newer version of this library that wrote it."
    )
  }
  const remedy = "Pass what `exportContext` gave, from its beginning."
  return refuse(
    "NotAnExport",
    "the head of an export",
    line === undefined ? "nothing" : RowReader.excerpt(line),
    remedy
  )
}
