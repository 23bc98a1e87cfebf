// compare.mjs DRIVER firings|damaged SEED COUNT: random schedules through DRIVER and through oracle.mjs. Prints what was
// compared; the first ten differences end it with status 1.
import { spawnSync } from "node:child_process";
import { CronExpressionParser } from "cron-parser";
import { byCronParser, firings, moves } from "./oracle.mjs";
import { damaged, expression, Random } from "./random.mjs";

const [driver, what, seed, count] = process.argv.slice(2);
const random = new Random(Number(seed));
const ZONES = ["UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Los_Angeles",
  "America/Sao_Paulo", "America/Santiago", "America/Havana", "America/St_Johns", "Africa/Cairo", "Asia/Tehran",
  "Asia/Beirut", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland",
  "Pacific/Chatham", "Pacific/Kiritimati"];
const FROM = Date.UTC(2010, 0, 1);
const TO = Date.UTC(2022, 0, 1);
const MOVES = new Map(ZONES.map((zone) => [zone, moves(zone, FROM, TO)]));
const FIRINGS = 4;

function instant(zone) {
  const near = MOVES.get(zone);
  if (near.length > 0 && random.chance(0.7)) return random.of(near) + random.between(-30 * 3600, 6 * 3600) * 1000;
  return random.between(FROM / 1000, TO / 1000) * 1000 + random.of([0, 1, 500, 999]);
}

function ask(cases) {
  const input = cases.map((c) => `${c.zone}\t${c.after}\t${FIRINGS}\t${c.text}\n`).join("");
  const run = spawnSync(driver, [], { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`${driver}: ${run.status} ${run.signal} ${run.error} ${run.stderr}`);
  return run.stdout.split("\n");
}

const differences = [];
const counts = {};
function tally(name) {
  counts[name] = (counts[name] ?? 0) + 1;
}
function differ(c, ours, theirs) {
  const show = (list) => (Array.isArray(list) ? list.map((at) => new Date(at).toISOString()).join(" ") : list);
  differences.push(`${JSON.stringify(c)}\n  ours:   ${show(ours)}\n  theirs: ${show(theirs)}`);
}
const same = (a, b) => a.length === b.length && a.every((at, i) => at === b[i]);

function compareFirings(c, line) {
  if (line.startsWith("refused")) {
    // The one thing that we refuse and cron-parser does not: dates that never come.
    if (!line.includes("never comes")) return differ(c, line, "accepted");
    try {
      CronExpressionParser.parse(c.text);
    } catch {
      return tally("never come, says either");
    }
    return differ(c, line, "accepted");
  }
  const ours = line.trim().split(" ").map(Number);
  const theirs = firings(c.text, c.zone, c.after, FIRINGS);
  tally(theirs.moved ? "where a clock is moved" : "elsewhere");
  if (!same(ours, theirs.times)) return differ(c, ours, theirs.times);
  if (theirs.moved) return;
  // The whole of cron-parser, where it need not know our rules.
  const whole = byCronParser(c.text, c.zone, c.after, FIRINGS);
  if (whole === null) return tally("on which it gives up");
  tally(same(ours, whole) ? "as cron-parser alone says" : "on which it alone differs");
}

// More than cron-parser understands, on purpose.
const OURS = /#.*,|,.*#|L.*,|,.*L|[A-Z]{3}[L#]|-SUN|@/i;

function compareDamaged(c, line) {
  if (line.startsWith("refused")) return tally("refused");
  if (OURS.test(c.text)) return tally("understood by us alone");
  tally("accepted");
  const ours = line.trim().split(" ").map(Number);
  let theirs;
  try {
    CronExpressionParser.parse(c.text);
    theirs = firings(c.text, c.zone, c.after, FIRINGS).times;
  } catch (error) {
    if (error.message.includes("duplicate values")) return tally("that name a value twice");
    theirs = `refused: ${error.message}`;
  }
  if (!Array.isArray(theirs) || !same(ours, theirs)) differ(c, ours, theirs);
}

// cron-parser refuses a list that names a value twice.
function readable() {
  for (;;) {
    const text = expression(random);
    try {
      CronExpressionParser.parse(text);
      return text;
    } catch (error) {
      if (error.message.includes("Invalid explicit day of month")) return text;
      if (!error.message.includes("duplicate values")) throw error;
    }
  }
}

const make = what === "damaged" ? () => damaged(random) : readable;
const cases = Array.from({ length: Number(count) }, () => {
  const zone = random.of(ZONES);
  return { zone, after: instant(zone), text: make() };
});
const lines = ask(cases);
cases.forEach((c, i) => (what === "damaged" ? compareDamaged : compareFirings)(c, lines[i]));
console.log(`seed ${seed}: ${Object.entries(counts).map(([name, n]) => `${n} ${name}`).join(", ")}`);
for (const name of what === "damaged" ? ["accepted", "refused"] : ["where a clock is moved", "as cron-parser alone says"]) {
  if ((counts[name] ?? 0) < cases.length / 40) differences.push(`only ${counts[name] ?? 0} ${name}`);
}
for (const name of ["on which it gives up", "on which it alone differs"]) {
  if ((counts[name] ?? 0) > cases.length / 50) differences.push(`${counts[name]} ${name}`);
}
if (differences.length > 0) {
  console.log(`${differences.length} differences\n${differences.slice(0, 10).join("\n")}`);
  process.exit(1);
}
