#include "cli/queries/live_template.h"

#include <string>
#include <string_view>
#include <utility>

namespace tidemill::cli {
namespace {

constexpr std::string_view kReadme = R"(# Sales, live

A dashboard made of `.sql` files: each `@chart` line is a panel, each folder with such files a page.

    tidemill serve --dev      # prints the link to the dashboard, and takes over each change of a file
    tidemill queries check    # whether the files are sound: for editors and CI

| file | what it is |
|---|---|
| `queries/migrations/0001_sales.sql` | the table, with two days of examples |
| `queries/sales/total.get.sql` | two numbers |
| `queries/sales/by_hour.get.sql` | a line for each region |
| `queries/sales/by_product.get.sql` | bars, and a pie |
| `queries/sales/latest.get.sql` | a table |
| `queries/sales/add.post.sql` | `POST /rest/sales/add`: one more, which all of the above show at once |

`region` is a parameter of all of them, so the page has one field for it.
)";

constexpr std::string_view kIgnored = ".tidemill/\n";

constexpr std::string_view kMigrationSqlite = R"(-- What was sold.
create table sales (
  id integer primary key,
  region text not null,
  product text not null,
  amount_cents integer not null check (amount_cents > 0),
  sold_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;

insert into sales (region, product, amount_cents, sold_at)
with recursive numbers (i) as (select 0 union all select i + 1 from numbers where i < 287)
select case i % 3 when 0 then 'north' when 1 then 'south' else 'west' end,
       case i % 4 when 0 then 'coffee' when 1 then 'tea' when 2 then 'mug' else 'kettle' end,
       300 + (i * 7919) % 4000,
       strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || (i * 10) || ' minutes')
from numbers;
)";

constexpr std::string_view kMigrationPostgres = R"(-- What was sold.
create table sales (
  id integer generated always as identity primary key,
  region text not null,
  product text not null,
  amount_cents integer not null check (amount_cents > 0),
  sold_at timestamptz not null default now()
);

insert into sales (region, product, amount_cents, sold_at)
select (array['north', 'south', 'west'])[1 + i % 3],
       (array['coffee', 'tea', 'mug', 'kettle'])[1 + i % 4],
       300 + (i * 7919) % 4000,
       now() - i * interval '10 minutes'
from generate_series(0, 287) as i;
)";

constexpr std::string_view kTotal = R"(-- What was sold in all.
-- @param region text = null "one of them; empty: all"
-- @auth none
-- @rows one
-- @live
-- @chart number y=total unit=EUR title="Sold"
-- @chart number y=sales title="Sales"
select coalesce(sum(amount_cents), 0) / 100.0 as total, count(*) as sales
from sales
where :region is null or region = :region
)";

constexpr std::string_view kByHourHeader = R"(-- Sales by hour.
-- Each region is a line of its own.
-- @param region text = null "one of them; empty: all"
-- @auth none
-- @live key=hour,region
-- @chart line x=hour y=total series=region unit=EUR
)";
constexpr std::string_view kByHourSqlite =
    R"(select strftime('%Y-%m-%dT%H:00:00Z', sold_at) as hour, region, sum(amount_cents) / 100.0 as total
from sales
where :region is null or region = :region
group by 1, 2
order by 1, 2
)";
constexpr std::string_view kByHourPostgres =
    R"(select date_trunc('hour', sold_at) as hour, region, sum(amount_cents) / 100.0 as total
from sales
where :region is null or region = :region
group by 1, 2
order by 1, 2
)";

constexpr std::string_view kByProduct = R"(-- Sales by product.
-- @param region text = null "one of them; empty: all"
-- @auth none
-- @live key=product
-- @chart bar x=product y=total unit=EUR
-- @chart pie x=product y=sales title="How many of each"
select product, sum(amount_cents) / 100.0 as total, count(*) as sales
from sales
where :region is null or region = :region
group by product
order by total desc
)";

constexpr std::string_view kLatest = R"(-- The latest sales.
-- @param region text = null "one of them; empty: all"
-- @auth none
-- @live key=id
-- @chart table columns=sold_at,region,product,amount
select id, sold_at, region, product, amount_cents / 100.0 as amount
from sales
where :region is null or region = :region
order by id desc
limit 50
)";

constexpr std::string_view kAdd = R"(-- One more sale.
-- @param region text!
-- @param product text!
-- @param amount_cents int!
-- @auth claims:sub
-- @rows one
insert into sales (region, product, amount_cents) values (:region, :product, :amount_cents)
returning id, sold_at
)";

}  // namespace

std::vector<ProjectFile> LiveTemplate(sql::Dialect dialect) {
  const bool sqlite = dialect == sql::Dialect::kSqlite;
  std::vector<ProjectFile> files;
  const auto add = [&files](std::string_view path, std::string text) {
    files.push_back({.path = std::string(path), .text = std::move(text)});
  };
  add("README.md", std::string(kReadme));
  add(".gitignore", std::string(kIgnored));
  add("queries/migrations/0001_sales.sql", std::string(sqlite ? kMigrationSqlite : kMigrationPostgres));
  add("queries/sales/total.get.sql", std::string(kTotal));
  add("queries/sales/by_hour.get.sql",
      std::string(kByHourHeader) + std::string(sqlite ? kByHourSqlite : kByHourPostgres));
  add("queries/sales/by_product.get.sql", std::string(kByProduct));
  add("queries/sales/latest.get.sql", std::string(kLatest));
  add("queries/sales/add.post.sql", std::string(kAdd));
  return files;
}

}  // namespace tidemill::cli
