// TypeCatalog: the types of one database by their OIDs: PostgreSQL's own, and those that were looked up.
//
// ALTER TYPE changes a composite under its OID, and no answer says so: composites are looked up again when
// what is known of them is some seconds old, and somebody gets values of theirs. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "sql/failure.h"
#include "sql/rows.h"
#include "sql/statement.h"
#include "sql/type.h"

namespace tidemill::postgres {

class TypeCatalog {
 public:
  static constexpr Duration kGoodFor = Seconds(10);
  explicit TypeCatalog(Duration good_for = kGoodFor) : good_for_(good_for) {}

  // Null: it must be looked up.
  std::shared_ptr<const sql::Type> Find(std::uint32_t oid) const;

  // What a lookup asks: $1 are OIDs.
  static const sql::Statement& Question();
  // One lookup: what the server has said of some types so far.
  class Lookup {
   public:
    // Keeps what the rows say. Gives the OIDs of elements, attributes and base types that are to be asked
    // next.
    sql::Result<std::vector<std::uint32_t>> Take(const sql::Rows& rows);

   private:
    friend class TypeCatalog;
    struct Draft {
      std::string name;
      char type = 'b';  // pg_type.typtype
      bool is_array = false;
      std::uint32_t reference = 0;  // of an array its element, of a domain what it is based on
      std::vector<std::string> labels;
      std::vector<std::pair<std::string, std::uint32_t>> attributes;
      bool is_being_made = false;
    };
    std::unordered_map<std::uint32_t, Draft> drafts_;
  };
  // Makes types of all that was taken, in place of what was known of them; those of `oids` that the server
  // does not know are text.
  void Finish(const std::vector<std::uint32_t>& oids, Lookup lookup, MonotonicTime now);

  // Grows when a type has become another: what was made of it is to be made anew.
  std::uint64_t version() const { return version_; }
  // Those of `oids` that are composites, or made of some, and are to be looked up again. Whoever takes them
  // does that: they count as new from now on.
  std::vector<std::uint32_t> TakeOld(std::span<const std::uint32_t> oids, MonotonicTime now);

 private:
  struct Known {
    std::shared_ptr<const sql::Type> type;
    MonotonicTime looked_up_at;
  };
  std::shared_ptr<const sql::Type> Make(std::uint32_t oid, Lookup& lookup, MonotonicTime now);

  const Duration good_for_;
  std::uint64_t version_ = 0;
  std::unordered_map<std::uint32_t, Known> known_;
};

}  // namespace tidemill::postgres
