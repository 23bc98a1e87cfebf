import assert from 'node:assert/strict';
import test from 'node:test';
import { askedAt, completed, prefixed, withEmoji, wrapped } from '../src/model/completion.ts';
import { bestOf, scoreOf } from '../src/model/match.ts';
import { parseQuery, textOfQuery, withFilter, withoutFilter } from '../src/model/search_query.ts';
import { bytesOf } from '../src/model/times.ts';

const asked = (text, caret = text.length) => {
  const found = askedAt(text, caret);
  return found && `${found.kind} ${found.query}`;
};

test('words with a sign ask for a completion', () => {
  const cases = [
    ['@ad', 'user ad'], ['hello @', 'user '], ['(@ad', 'user ad'], ['mail a@b', undefined], ['so: good', undefined], [':t', undefined], [':ta', 'emoji ta'],
    ['a :tada', 'emoji tada'], ['12:30', undefined], ['#gen', 'room gen'], ['x#gen', undefined], ['/to', 'command to'], ['/', 'command '], ['a /to', undefined],
    ['`@ad', undefined], ['`a` @ad', 'user ad'], ['```\n@ad', undefined], ['```\nx\n```\n@ad', 'user ad'], ['@ädä', 'user ädä'], ['plain', undefined],
  ];
  for (const [text, wanted] of cases) assert.equal(asked(text), wanted, text);
  assert.equal(asked('@ada tail', 3), 'user ad');
});

test('what is chosen replaces the word, with one space behind it', () => {
  const take = (text, caret, chosen) => {
    const done = completed(text, askedAt(text, caret), chosen);
    return `${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`;
  };
  assert.equal(take('hi @ad', 6, '@ada'), 'hi @ada |');
  assert.equal(take('hi @ad there', 6, '@ada'), 'hi @ada |there');
});

test('names of emoji become emoji, but not in code', () => {
  const charOf = (name) => ({ tada: '🎉', '+1': '👍' })[name];
  assert.equal(withEmoji('yes :tada: :+1: :nope: `:tada:`\n```\n:tada:\n```', charOf), 'yes 🎉 👍 :nope: `:tada:`\n```\n:tada:\n```');
});

test('marks go around a selection, and off again', () => {
  const bold = wrapped('say it loud', 4, 6, '**');
  assert.deepEqual(bold, { text: 'say **it** loud', begin: 6, end: 8 });
  assert.deepEqual(wrapped(bold.text, bold.begin, bold.end, '**'), { text: 'say it loud', begin: 4, end: 6 });
  const quoted = prefixed('a\nb\nc', 0, 3, '> ');
  assert.equal(quoted.text, '> a\n> b\nc');
  assert.equal(prefixed(quoted.text, quoted.begin, quoted.end, '> ').text, 'a\nb\nc');
});

test('better fits come first', () => {
  const names = ['general', 'engineering', 'Ada Lovelace', 'gardening', 'Señor'];
  const find = (query) => bestOf(names, query, (name) => [name], 3);
  assert.deepEqual(find('gen')[0], 'general');
  assert.deepEqual(find('love'), ['Ada Lovelace']);
  assert.deepEqual(find('ada lov'), ['Ada Lovelace']);
  assert.deepEqual(find('senor'), ['Señor']);
  assert.deepEqual(find('xyz'), []);
  assert.ok(scoreOf('general', 'general') > scoreOf('general talk', 'general'));
});

test('filters of a search are read, changed and written', () => {
  const query = parseQuery('from:ada in:"big room" has:link "a phrase" word AFTER:2026-01-01');
  assert.deepEqual(query, {
    filters: [{ name: 'from', value: 'ada' }, { name: 'in', value: 'big room' }, { name: 'has', value: 'link' }, { name: 'after', value: '2026-01-01' }],
    words: ['a phrase', 'word'],
  });
  assert.deepEqual(parseQuery(textOfQuery(query)), query);
  assert.equal(withFilter('from:ada word', 'from', 'bob'), 'from:bob word');
  assert.equal(withFilter('from:ada word', 'from', ''), 'word');
  assert.equal(withoutFilter('from:ada in:x word', { name: 'in', value: 'x' }), 'from:ada word');
  assert.deepEqual(parseQuery('"').words, []);
});

test('sizes are short', () => {
  assert.deepEqual([0, 999, 1500, 2_340_000, 120_000_000].map(bytesOf), ['0 B', '999 B', '1.5 KB', '2.3 MB', '120 MB']);
});
