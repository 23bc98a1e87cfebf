#include "queries/catalog/bound_columns.h"

#include <gtest/gtest.h>

namespace tidemill::queries {
namespace {

// "orders.customer=$1 orders.status=$2", or why there is none.
std::string Found(const char* statement, BoundIn in = BoundIn::kOneTable) {
  const auto found = FindBoundColumns(statement, in);
  if (!found) return found.error();
  std::string text;
  for (const BoundColumn& each : *found) {
    text += (text.empty() ? "" : " ") + each.table + "." + each.column + "=$" + std::to_string(each.number);
  }
  return text;
}

TEST(FindBoundColumns, OfOneTable) {
  struct Case {
    const char* statement;
    const char* want;
  };
  const Case cases[] = {
      {"select * from orders where customer = $1", "orders.customer=$1"},
      {"SELECT id FROM public.Orders AS o WHERE o.Customer=$2 AND status=$1 ORDER BY id LIMIT 5",
       "public.orders.customer=$2 public.orders.status=$1"},
      {"select id from orders where $1 = customer and total > 3", "orders.customer=$1"},
      {"select id from \"Orders\" where \"Orders\".\"Customer\" = $1::int", "Orders.Customer=$1"},
      {"select a is distinct from b from orders where total between 1 and 2 and customer = $1",
       "orders.customer=$1"},
      {"select customer, count(*) filter (where total > 1 or total < 0) from orders where (a or b) and "
       "customer = $1 group by customer",
       "orders.customer=$1"},
      {"select id from orders where customer = $1 -- or not\n", "orders.customer=$1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.statement);
    EXPECT_EQ(Found(c.statement), c.want);
  }
}

// Each has rows of other values, or may have.
TEST(FindBoundColumns, WhatIsInDoubtIsNotFound) {
  constexpr const char* kNone = "no column stands behind its where as column = :parameter";
  struct Case {
    const char* statement;
    const char* want;
  };
  const Case cases[] = {
      {"select * from orders", "it has no where"},
      {"select * from orders where customer = $1 or total = 2", "its where has an or outside of brackets"},
      {"select * from orders where case when a and customer = $1 and b then c end",
       "its where has a case outside of brackets"},
      {"select * from orders where customer <> $1", kNone},
      {"select * from orders where not customer = $1", kNone},
      {"select * from orders where customer = $1 is null", kNone},
      {"select * from orders where customer = $1 + 1", kNone},
      {"select * from orders where customer + 1 = $1", kNone},
      {"select * from orders where customer = $1::numeric", kNone},
      {"select * from orders where customer = $1 collate \"C\"", kNone},
      {"select * from orders where lower(customer) = $1", kNone},
      {"select * from orders where total between 1 and customer = $1", kNone},
      {"select * from orders where ($1 is null or customer = $1)", kNone},
      {"select * from orders where current_user = $1", kNone},
      {"select * from orders where x.customer = $1", kNone},
      {"select * from orders where customer = $1 and id = (select max(id) from orders)",
       "it has several selects: name the parameter with by="},
      {"select * from orders where customer = $1 union select * from old", "it has several selects"},
      {"with a as (select 1) select * from orders where customer = $1", "it does not begin with select"},
      {"select * from orders, customers where customer = $1",
       "it has several tables: name the parameter with by="},
      {"select * from orders o join customers c on c.id = o.customer where o.customer = $1",
       "it has several tables: name the parameter with by="},
      {"select * from only orders where customer = $1", "it has several tables: name the parameter with by="},
      {"select * from orders as o(id, customer) where customer = $1",
       "it has several tables: name the parameter with by="},
      {"select * from generate_series(1, 9) as orders where orders = $1",
       "it has several tables: name the parameter with by="},
      {"", "it does not begin with select"},
      {"select", "it has no where"},
      {"select a from b where", kNone},
      {"select a from b where a =", kNone},
      {"select a from where a = $1", "it has no table"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.statement);
    EXPECT_EQ(Found(c.statement), c.want);
  }
}

TEST(FindBoundColumns, OfSeveralTablesWhereTheAuthorSaysSo) {
  const auto any = [](const char* statement) { return Found(statement, BoundIn::kAny); };
  constexpr const char* kNone = "no column stands behind its where as column = :parameter";
  EXPECT_EQ(any("select 1 from orders o join customers c on c.id = o.customer where o.customer = $1"),
            "orders.customer=$1");
  EXPECT_EQ(any("select 1 from customers c left join public.orders o on c.id = o.customer, lateral f(c) "
                "where public.orders.customer = $1 and c.name = $2"),
            "customers.name=$2");
  EXPECT_EQ(any("select (select max(id) from other) from orders where customer = $1"), "orders.customer=$1");
  // Its other rows count in the second place.
  EXPECT_EQ(any("select 1 from orders o join orders p on p.id > o.id where o.customer = $1"), kNone);
  EXPECT_EQ(any("select (select max(id) from public.orders) from orders o where o.customer = $1"), kNone);
  EXPECT_EQ(any("select 1 from orders o join customers c using (id) where customer = $1"), kNone);
  EXPECT_EQ(any("select 1 from a.t join b.t using (id) where t.customer = $1"), kNone);
  EXPECT_EQ(any("select 1 from orders where customer = $1 union select 2"), "it has several selects");
}

}  // namespace
}  // namespace tidemill::queries
