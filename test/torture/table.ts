// node test/torture/table.ts docs/torture-runs.jsonl
import { readFileSync } from "node:fs";
import { type ReportLine, showTable } from "./report.ts";

const lines = readFileSync(process.argv[2]!, "utf8").trim().split("\n");
for (const line of showTable(lines.map((text) => JSON.parse(text) as ReportLine))) console.log(line);
