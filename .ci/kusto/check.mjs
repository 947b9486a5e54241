// Reads JSON lines {"id","query","syntax"} and answers JSON lines {"id","diagnostics":[…],"literals":[…],"columns":[…]}: what
// Microsoft's parser and semantic analyser say of each query, the decoded value of each string literal in order, and
// the name and type of each column that comes out. Where "syntax" is true the analyser stays away: a literal's end is
// decided by the syntax alone, which takes half of the time.
// Column types of the tables come from tables.json beside this file, or from a folder of <Table>.json
// ([{"name","type"},…]) that is named as the first argument.
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import path from "node:path";
import vm from "node:vm";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const library = path.dirname(require.resolve("@kusto/language-service-next/package.json"));
// A Bridge.NET build for browsers: both scripts want to be global, the bridge first.
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  vm.runInThisContext(readFileSync(path.join(library, file), "utf8"), { filename: file });
}
const K = globalThis.Kusto.Language;

const folder = process.argv[2];
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const schema = folder
  ? Object.fromEntries(
      readdirSync(folder)
        .filter((file) => /^[A-Z]\w*\.json$/.test(file))
        .map((file) => [file.slice(0, -5), Object.fromEntries(read(path.join(folder, file)).map((c) => [c.name, c.type]))]),
    )
  : read(path.join(here, "tables.json"));
const tables = Object.entries(schema).map(
  ([name, columns]) => new K.Symbols.TableSymbol.$ctor7(name, `(${Object.entries(columns).map(([c, t]) => `${c}: ${t}`).join(", ")})`, null),
);
// What every watchlist has; the other columns are its author's.
const watchlist = new K.Symbols.FunctionSymbol.$ctor16("_GetWatchlist", "(alias: string)", "{ datatable(_DTItemId: string, LastUpdatedTimeUTC: datetime, SearchKey: string)[] }", null);
const globals = K.GlobalState.Default.WithDatabase(new K.Symbols.DatabaseSymbol.$ctor3("Workspace", null, [...tables, watchlist], false));

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (!line) continue;
  const { id, query, syntax } = JSON.parse(line);
  const code = syntax ? K.KustoCode.Parse(query, globals) : K.KustoCode.ParseAndAnalyze(query, globals);
  const found = code.GetDiagnostics();
  const diagnostics = [];
  for (let i = 0; i < found.Count; i++) {
    const d = found.getItem(i);
    diagnostics.push(`${d.Severity} ${d.Code} at ${d.Start}: ${d.Message} near ${JSON.stringify(query.substr(d.Start, 40))}`);
  }
  const literals = [];
  K.Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    if (node.Kind === K.Syntax.SyntaxKind.StringLiteralExpression) literals.push(node.LiteralValue);
  });
  const columns = [];
  const result = code.ResultType?.Columns;
  for (let i = 0; i < (result?.Count ?? 0); i++) columns.push(`${result.getItem(i).Name}:${result.getItem(i).Type.Name}`);
  process.stdout.write(JSON.stringify({ id, diagnostics, literals, columns }) + "\n");
}
