// Asks DuckDB what BenchmarkCold asks: which devices and processes reached an
// address or a domain. Prints wall ms, CPU ms and peak MB of the question.
import { DuckDBInstance } from "@duckdb/node-api";

const [form, path] = process.argv.slice(2);
const read = form === "csv" ? `read_csv('${path}', all_varchar=true)` : `read_ndjson('${path}')`;
const db = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
await db.run("select 1");
const began = process.hrtime.bigint(), cpu = process.cpuUsage();
const answer = await db.runAndReadAll(
  `select DeviceName, InitiatingProcessFileName, RemoteIP, count(*), min(TimeGenerated), max(TimeGenerated) from ${read}
   where RemoteIP = '203.0.113.66' or lower(RemoteUrl) = 'cdn-sync.example' or lower(RemoteUrl) like '%.cdn-sync.example' group by all`);
if (answer.currentRowCount === 0) throw new Error("DuckDB found nothing");
const used = process.cpuUsage(cpu);
console.log(Number(process.hrtime.bigint() - began) / 1e6, (used.user + used.system) / 1e3, process.resourceUsage().maxRSS / 1024);
