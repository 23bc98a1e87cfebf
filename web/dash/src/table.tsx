// Rows as a table that one may sort.
import { useState } from 'preact/hooks';
import { visible } from '../../console/src/format';
import type { Column, Database, Row } from './model';
import { type Order, sorted } from './shape';
import { showCell } from './values';

const FIRST = 100;

function nextOrder(order: Order | undefined, column: string): Order | undefined {
  if (order?.column !== column) return { column, descending: false };
  return order.descending ? undefined : { column, descending: true };
}

export function Table({ label, columns, rows, database }: { label: string; columns: Column[]; rows: readonly Row[]; database: Database }) {
  const [order, setOrder] = useState<Order>();
  const [all, setAll] = useState(false);
  const inOrder = sorted(rows, order, columns, database);
  const shown = all ? inOrder : inOrder.slice(0, FIRST);
  const sortOf = (name: string) => (order?.column !== name ? 'none' : order.descending ? 'descending' : 'ascending');
  return (
    <>
      <div class="scroll" role="group" aria-label={label} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map(({ name, kind, description }) => (
                <th key={name} scope="col" class={kind === 'number' ? 'number' : undefined} aria-sort={sortOf(name)}>
                  <button type="button" title={description ? visible(description) : undefined} onClick={() => setOrder(nextOrder(order, name))}>
                    <bdi>{visible(name)}</bdi>
                    <span aria-hidden="true">{order?.column === name ? (order.descending ? '↓' : '↑') : ''}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => (
              <tr key={at}>
                {columns.map((column) => {
                  const { text, figures, missing } = showCell(row[column.name], column, database);
                  return (
                    <td key={column.name} class={`${figures ? 'number' : ''} ${missing ? 'soft' : ''}`}>
                      <bdi>{text}</bdi>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > shown.length && (
        <p class="more">
          <button type="button" class="plain" onClick={() => setAll(true)}>
            Show all {rows.length} rows
          </button>
        </p>
      )}
    </>
  );
}
