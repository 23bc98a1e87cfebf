// TypeCatalog: the types of one database by their OIDs: PostgreSQL's own, and those that were looked up.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sql/failure.h"
#include "sql/rows.h"
#include "sql/statement.h"
#include "sql/type.h"

namespace tidemill::postgres {

class TypeCatalog {
 public:
  // Null: it must be looked up.
  std::shared_ptr<const sql::Type> Find(std::uint32_t oid) const;

  // What the lookup asks, and its answer put in. `oids` are types; who they are made of comes out of
  // MissingIn, and is looked up before.
  static const sql::Statement& Lookup();
  // Keeps what the rows say. Afterwards: the OIDs of elements, attributes and base types that are not known.
  sql::Result<std::vector<std::uint32_t>> Take(const sql::Rows& rows);
  // Makes types of all that was taken; those of `oids` that the server does not know either are text.
  void Finish(const std::vector<std::uint32_t>& oids);

  // Forgets what was looked up: an enum may have got another label.
  void Forget() { known_.clear(); }

 private:
  struct Draft {
    std::string name;
    char type = 'b';  // pg_type.typtype
    bool is_array = false;
    std::uint32_t reference = 0;  // of an array its element, of a domain what it is based on
    std::vector<std::string> labels;
    std::vector<std::pair<std::string, std::uint32_t>> attributes;
    bool is_being_made = false;
  };

  std::shared_ptr<const sql::Type> Make(std::uint32_t oid);

  std::unordered_map<std::uint32_t, std::shared_ptr<const sql::Type>> known_;
  std::unordered_map<std::uint32_t, Draft> drafts_;
};

}  // namespace tidemill::postgres
