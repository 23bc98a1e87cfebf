#include "postgres/types/built_in_types.h"

#include <unordered_map>
#include <utility>

namespace tidemill::postgres {
namespace {

using sql::Kind;
using sql::Type;

struct BuiltIn {
  std::uint32_t oid;
  std::uint32_t array_oid;
  Kind kind;
  const char* name;
};

// pg_type.dat of PostgreSQL; their OIDs never change. The names are format_type's.
constexpr BuiltIn kBuiltIns[] = {
    {16, 1000, Kind::kBoolean, "boolean"},
    {17, 1001, Kind::kBytes, "bytea"},
    {18, 1002, Kind::kText, "\"char\""},
    {19, 1003, Kind::kText, "name"},
    {20, 1016, Kind::kInteger, "bigint"},
    {21, 1005, Kind::kInteger, "smallint"},
    {23, 1007, Kind::kInteger, "integer"},
    {24, 1008, Kind::kText, "regproc"},
    {25, 1009, Kind::kText, "text"},
    {26, 1028, Kind::kInteger, "oid"},
    {27, 1010, Kind::kText, "tid"},
    {28, 1011, Kind::kInteger, "xid"},
    {29, 1012, Kind::kInteger, "cid"},
    {114, 199, Kind::kJson, "json"},
    {142, 143, Kind::kText, "xml"},
    {600, 1017, Kind::kText, "point"},
    {601, 1018, Kind::kText, "lseg"},
    {602, 1019, Kind::kText, "path"},
    {603, 1020, Kind::kText, "box"},
    {604, 1027, Kind::kText, "polygon"},
    {628, 629, Kind::kText, "line"},
    {650, 651, Kind::kText, "cidr"},
    {700, 1021, Kind::kFloat, "real"},
    {701, 1022, Kind::kFloat, "double precision"},
    {705, 0, Kind::kText, "unknown"},
    {718, 719, Kind::kText, "circle"},
    {774, 775, Kind::kText, "macaddr8"},
    {790, 791, Kind::kText, "money"},
    {829, 1040, Kind::kText, "macaddr"},
    {869, 1041, Kind::kText, "inet"},
    {1042, 1014, Kind::kText, "character"},
    {1043, 1015, Kind::kText, "character varying"},
    {1082, 1182, Kind::kDate, "date"},
    {1083, 1183, Kind::kText, "time without time zone"},
    {1114, 1115, Kind::kTimestamp, "timestamp without time zone"},
    {1184, 1185, Kind::kTimestampTz, "timestamp with time zone"},
    {1186, 1187, Kind::kText, "interval"},
    {1266, 1270, Kind::kText, "time with time zone"},
    {1560, 1561, Kind::kText, "bit"},
    {1562, 1563, Kind::kText, "bit varying"},
    {1700, 1231, Kind::kNumeric, "numeric"},
    {2202, 2207, Kind::kText, "regprocedure"},
    {2205, 2210, Kind::kText, "regclass"},
    {2206, 2211, Kind::kText, "regtype"},
    {2249, 2287, Kind::kText, "record"},
    {2278, 0, Kind::kText, "void"},
    {2950, 2951, Kind::kUuid, "uuid"},
    {3220, 3221, Kind::kText, "pg_lsn"},
    {3614, 3643, Kind::kText, "tsvector"},
    {3615, 3645, Kind::kText, "tsquery"},
    {3802, 3807, Kind::kJson, "jsonb"},
    {3904, 3905, Kind::kText, "int4range"},
    {3906, 3907, Kind::kText, "numrange"},
    {3908, 3909, Kind::kText, "tsrange"},
    {3910, 3911, Kind::kText, "tstzrange"},
    {3912, 3913, Kind::kText, "daterange"},
    {3926, 3927, Kind::kText, "int8range"},
    {5038, 271, Kind::kInteger, "xid8"},
};

using Table = std::unordered_map<std::uint32_t, std::shared_ptr<const Type>>;

Table MakeTable() {
  Table table;
  for (const BuiltIn& each : kBuiltIns) {
    auto type = std::make_shared<Type>();
    type->kind = each.kind;
    type->name = each.name;
    type->oid = each.oid;
    if (each.array_oid != 0) {
      auto array = std::make_shared<Type>();
      array->kind = Kind::kArray;
      array->name = type->name + "[]";
      array->oid = each.array_oid;
      array->element = type;
      table.emplace(each.array_oid, std::move(array));
    }
    table.emplace(each.oid, std::move(type));
  }
  return table;
}

}  // namespace

std::shared_ptr<const Type> BuiltInType(std::uint32_t oid) {
  static const Table table = MakeTable();
  const auto found = table.find(oid);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace tidemill::postgres
