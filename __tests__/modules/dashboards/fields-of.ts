/** The fields that a Lucene query names: before a colon, and after _exists_. */
export function fieldsOf(query: string): string[] {
  const unquoted = query.replace(/"[^"]*"/g, '""');
  return [...unquoted.matchAll(/([@\w.]+):([@\w.]*)/g)].map(([, name, value]) =>
    name === "_exists_" ? value! : name!,
  );
}
