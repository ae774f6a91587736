// What typedoc need not ask for: the rows of a table (`closeCodes` …), which the table's own comment and the row's value
// document; the fields of a nameless result, which the function's comment does; and the discriminant of a message, which
// is the same sentence every time.
import { Comment, Converter, ReflectionKind } from 'typedoc'

const discriminant = 'The name on the wire; tells the messages of the union apart.'

function ancestors(reflection) {
  return reflection.parent === undefined ? [] : [reflection.parent, ...ancestors(reflection.parent)]
}

/** Typedoc does not ask for what lies in a parameter, and complains when told that it need not. */
function isRow(reflection) {
  const above = ancestors(reflection)
  return (
    above.some(parent => parent.kindOf(ReflectionKind.TypeLiteral)) &&
    !above.some(parent => parent.kindOf(ReflectionKind.Parameter))
  )
}

export function load(app) {
  const rows = []
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
      if (property.hasComment()) continue
      if (property.name === 'command' && property.parent?.name.endsWith('Message'))
        property.comment = new Comment([{ kind: 'text', text: discriminant }])
      else if (isRow(property)) rows.push(property.getFriendlyFullName())
    }
    app.options.setValue('intentionallyNotDocumented', [...new Set(rows)])
  })
}
