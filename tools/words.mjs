// SPDX-License-Identifier: Apache-2.0
// Writes the list of Khmer words by which lines of a paper are broken: each word of our own translations and
// each name of a month or a day, once.
//
// Khmer is written without spaces. Node.js knows where its words end; Python does not. Run it after Khmer
// translations changed: node tools/words.mjs
import { readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../exchange/i18n/", import.meta.url);
const segmenter = new Intl.Segmenter("km", { granularity: "word" });
const khmer = /^[\u1780-\u17d3\u17dd]{2,}$/;

const words = new Set();
for (const line of readFileSync(new URL("km.po", folder), "utf8").split("\n")) {
  const text = /^(?:msgstr(?:\[\d\])? )?"(.*)"$/.exec(line)?.[1] ?? "";
  for (const { segment } of segmenter.segment(text)) {
    if (khmer.test(segment)) words.add(segment);
  }
}
for (let day = 0; day < 365; day++) {
  const names = new Intl.DateTimeFormat("km", { weekday: "long", month: "long", timeZone: "UTC" });
  for (const { value } of names.formatToParts(day * 86_400_000)) {
    if (khmer.test(value)) words.add(value);
  }
}
const sorted = [...words].sort();
writeFileSync(new URL("words.km.txt", folder), sorted.join("\n") + "\n");
console.log(`${sorted.length} words`);
