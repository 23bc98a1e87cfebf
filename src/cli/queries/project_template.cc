#include "cli/queries/project_template.h"

#include <string_view>

namespace tidemill::cli {
namespace {

constexpr std::string_view kReadme = R"(# Shop

Endpoints made of `.sql` files: `queries/orders.get.sql` is `GET /rest/orders`.

    tidemill serve --dev      # serves them at http://localhost:8000/rest/, and again after each change
    tidemill queries check    # whether the files are sound: for editors and CI
    tidemill queries test     # runs queries/*.test.sql
    tidemill migrate new NAME # the next change of the tables

| file | what it is |
|---|---|
| `queries/migrations/0001_shop.sql` | the tables |
| `queries/products.get.sql` | `GET /rest/products`: open to everybody, in pages, sorted, cached |
| `queries/products/[id].get.sql` | `GET /rest/products/1`: one object, or 404 |
| `queries/orders.get.sql` | `GET /rest/orders`: the caller's own |
| `queries/orders.post.sql` | `POST /rest/orders`: checked, and bound to whoever calls |
| `queries/orders/[id].delete.sql` | `DELETE /rest/orders/1` |
| `queries/orders.test.sql` | a test |
)";

constexpr std::string_view kIgnored = ".tidemill/\n";

constexpr std::string_view kMigrationSqlite = R"(-- What the shop sells, and what was ordered.
create table products (
  id integer primary key,
  name text not null unique,
  price_cents integer not null check (price_cents >= 0)
) strict;

create table orders (
  id integer primary key,
  customer text not null,
  product_id integer not null references products (id),
  amount integer not null default 1 check (amount between 1 and 100),
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;
create index orders_of_customer on orders (customer, id);

insert into products (name, price_cents) values ('coffee', 520), ('mug', 1200), ('tea', 450);
)";

constexpr std::string_view kMigrationPostgres = R"(-- What the shop sells, and what was ordered.
create table products (
  id integer generated always as identity primary key,
  name text not null unique,
  price_cents integer not null check (price_cents >= 0)
);

create table orders (
  id integer generated always as identity primary key,
  customer text not null,
  product_id integer not null references products,
  amount integer not null default 1 check (amount between 1 and 100),
  created_at timestamptz not null default now()
);
create index orders_of_customer on orders (customer, id);

insert into products (name, price_cents) values ('coffee', 520), ('mug', 1200), ('tea', 450);
)";

constexpr std::string_view kProducts = R"(-- What there is to buy.
-- @auth none
-- @page limit=20 max=100
-- @sort name|price_cents
-- @cache 30s
select id, name, price_cents from products
)";

constexpr std::string_view kProduct = R"(-- One product.
-- @param id int! "as the list has it"
-- @auth none
-- @rows one
select id, name, price_cents from products where id = :id
)";

constexpr std::string_view kOrders = R"(-- The caller's own orders, the newest first.
-- @param sub text! claim
-- @auth claims:sub
-- @page limit=20 max=100
select orders.id, products.name as product, orders.amount, orders.created_at
from orders join products on products.id = orders.product_id
where orders.customer = :sub
order by orders.id desc
)";

constexpr std::string_view kOrder = R"(-- Orders something for the caller.
-- @param product_id int! "what"
-- @param amount int = 1 "how many, 100 at most"
-- @param sub text! claim
-- @auth claims:sub
-- @rows one
insert into orders (customer, product_id, amount) values (:sub, :product_id, :amount)
returning id, product_id, amount, created_at
)";

constexpr std::string_view kCancel = R"(-- Takes one of the caller's orders back.
-- @param id int! "of the order"
-- @param sub text! claim
-- @auth claims:sub
-- @rows exec
delete from orders where id = :id and customer = :sub
)";

constexpr std::string_view kTest = R"(-- Each test file runs in a transaction that is rolled back.
insert into products (name, price_cents) values ('kettle', 3900);
insert into orders (customer, product_id, amount) select 'ann', id, 2 from products where name = 'kettle';

-- A caller sees their own orders.
-- @run GET /orders sub=ann
-- @expect [{"product": "kettle", "amount": 2}]

-- Nobody else does.
-- @run GET /orders sub=bob
-- @expect none

-- What is bought is bound to the caller.
-- @run POST /orders sub=bob product_id=1 amount=3
-- @expect [{"product_id": 1, "amount": 3}]
select count(*) = 1 from orders where customer = 'bob';

-- A hundred is the most.
-- @run POST /orders sub=bob product_id=1 amount=101
-- @expect error check_violation
)";

}  // namespace

std::vector<ProjectFile> ProjectTemplate(sql::Dialect dialect) {
  const bool sqlite = dialect == sql::Dialect::kSqlite;
  std::vector<ProjectFile> files;
  const auto add = [&files](std::string_view path, std::string_view text) {
    files.push_back({.path = std::string(path), .text = std::string(text)});
  };
  add("README.md", kReadme);
  add(".gitignore", kIgnored);
  add("queries/migrations/0001_shop.sql", sqlite ? kMigrationSqlite : kMigrationPostgres);
  add("queries/products.get.sql", kProducts);
  add("queries/products/[id].get.sql", kProduct);
  add("queries/orders.get.sql", kOrders);
  add("queries/orders.post.sql", kOrder);
  add("queries/orders/[id].delete.sql", kCancel);
  add("queries/orders.test.sql", kTest);
  return files;
}

}  // namespace tidemill::cli
