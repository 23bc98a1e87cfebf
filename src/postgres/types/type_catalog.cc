#include "postgres/types/type_catalog.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "postgres/types/built_in_types.h"

namespace tidemill::postgres {
namespace {

using sql::Kind;
using sql::Type;
using TypePtr = std::shared_ptr<const Type>;

// One row for each type, each label of an enum and each attribute of a composite.
constexpr const char* kLookup = R"sql(
select t.oid::int8, 0, 0::float8, pg_catalog.format_type(t.oid, null), t.typtype::text,
       case when t.typtype = 'd' then t.typbasetype else t.typelem end::int8,
       t.typelem <> 0 and t.typlen = -1 and t.typcategory = 'A'
  from pg_catalog.pg_type t where t.oid = any($1::oid[])
union all
select e.enumtypid::int8, 1, e.enumsortorder, e.enumlabel::text, '', 0, false
  from pg_catalog.pg_enum e where e.enumtypid = any($1::oid[])
union all
select t.oid::int8, 2, a.attnum, a.attname::text, '', a.atttypid::int8, false
  from pg_catalog.pg_type t join pg_catalog.pg_attribute a on a.attrelid = t.typrelid
 where t.oid = any($1::oid[]) and t.typrelid <> 0 and a.attnum > 0 and not a.attisdropped
 order by 1, 2, 3)sql";

constexpr std::size_t kLookupColumns = 7;

TypePtr TextType(std::uint32_t oid, std::string name) {
  auto type = std::make_shared<Type>();
  type->name = std::move(name);
  type->oid = oid;
  return type;
}

bool HoldsComposites(const Type& type) {
  return type.kind == Kind::kComposite || (type.element && HoldsComposites(*type.element));
}

bool AreSame(const Type& a, const Type& b) {
  const auto same_attribute = [](const sql::Attribute& x, const sql::Attribute& y) {
    return x.name == y.name && AreSame(*x.type, *y.type);
  };
  return a.kind == b.kind && a.name == b.name && a.oid == b.oid && a.labels == b.labels &&
         !a.element == !b.element && (!a.element || AreSame(*a.element, *b.element)) &&
         std::ranges::equal(a.attributes, b.attributes, same_attribute);
}

}  // namespace

const sql::Statement& TypeCatalog::Question() {
  static const sql::Statement statement(kLookup);
  return statement;
}

TypePtr TypeCatalog::Find(std::uint32_t oid) const {
  if (TypePtr type = BuiltInType(oid)) return type;
  const auto found = known_.find(oid);
  return found == known_.end() ? nullptr : found->second.type;
}

std::vector<std::uint32_t> TypeCatalog::TakeOld(std::span<const std::uint32_t> oids, MonotonicTime now) {
  std::vector<std::uint32_t> old;
  for (const std::uint32_t oid : oids) {
    const auto found = known_.find(oid);
    if (found == known_.end() || !HoldsComposites(*found->second.type)) continue;
    if (now - found->second.looked_up_at < good_for_) continue;
    found->second.looked_up_at = now;
    old.push_back(oid);
  }
  return old;
}

sql::Result<std::vector<std::uint32_t>> TypeCatalog::Lookup::Take(const sql::Rows& rows) {
  std::vector<std::uint32_t> missing;
  const auto refer = [&](std::int64_t reference) {
    const auto oid = static_cast<std::uint32_t>(reference);
    if (oid != 0 && !BuiltInType(oid) && !drafts_.contains(oid)) missing.push_back(oid);
    return oid;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const sql::Row row = rows[i];
    if (row.size() != kLookupColumns) return sql::Fail(sql::FailureKind::kInternal, "a type's description");
    TM_TRY_ASSIGN(const std::int64_t oid, row[0].AsInteger());
    TM_TRY_ASSIGN(const std::int64_t what, row[1].AsInteger());
    TM_TRY_ASSIGN(const std::int64_t reference, row[5].AsInteger());
    Draft& draft = drafts_[static_cast<std::uint32_t>(oid)];
    if (what == 0) {
      draft = {.name = std::string(row[3].text), .is_array = row[6].text == "t"};
      if (!row[4].text.empty()) draft.type = row[4].text[0];
      if (draft.is_array || draft.type == 'd') draft.reference = refer(reference);
    } else if (what == 1) {
      draft.labels.emplace_back(row[3].text);
    } else {
      draft.attributes.emplace_back(row[3].text, refer(reference));
    }
  }
  std::ranges::sort(missing);
  missing.erase(std::ranges::unique(missing).begin(), missing.end());
  return missing;
}

void TypeCatalog::Finish(const std::vector<std::uint32_t>& oids, Lookup lookup, MonotonicTime now) {
  while (!lookup.drafts_.empty()) (void)Make(lookup.drafts_.begin()->first, lookup, now);
  for (const std::uint32_t oid : oids) {
    if (!Find(oid)) known_.emplace(oid, Known{.type = TextType(oid, "unknown"), .looked_up_at = now});
  }
}

// A type that contains itself, by way of an array of it say, is text where it does.
TypePtr TypeCatalog::Make(std::uint32_t oid, Lookup& lookup, MonotonicTime now) {
  const auto found = lookup.drafts_.find(oid);
  if (found == lookup.drafts_.end()) {
    TypePtr type = Find(oid);
    return type ? type : TextType(oid, "unknown");
  }
  Lookup::Draft& draft = found->second;
  if (std::exchange(draft.is_being_made, true)) return TextType(oid, draft.name);
  auto type = std::make_shared<Type>();
  type->name = draft.name;
  type->oid = oid;
  if (draft.is_array) {
    type->kind = Kind::kArray;
    type->element = Make(draft.reference, lookup, now);
  } else if (draft.type == 'd') {
    *type = *Make(draft.reference, lookup, now);
    type->name = draft.name;
    type->oid = oid;
  } else if (draft.type == 'e') {
    type->kind = Kind::kEnum;
    type->labels = draft.labels;
  } else if (draft.type == 'c') {
    type->kind = Kind::kComposite;
    for (const auto& [name, reference] : draft.attributes) {
      type->attributes.push_back({.name = name, .type = Make(reference, lookup, now)});
    }
  }
  Known& known = known_[oid];
  if (known.type && !AreSame(*known.type, *type)) ++version_;
  known = {.type = type, .looked_up_at = now};
  lookup.drafts_.erase(oid);
  return type;
}

}  // namespace tidemill::postgres
