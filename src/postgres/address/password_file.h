// PasswordFile: passwords by server, database and user, as libpq keeps them in ~/.pgpass (PostgreSQL
// documentation, "The Password File").
//
//   host:port:database:user:password      * for any; \: and \\ for the characters themselves; # a comment
//
// A value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postgres/address/server.h"

namespace tidemill::postgres {

class PasswordFile {
 public:
  static PasswordFile Parse(std::string_view text);
  // Blocks. kNotFound; kPermissionDenied when others than its owner may read it, or when we may not.
  static Result<PasswordFile> Read(const std::string& path);

  // Of the first line that fits. A Unix socket in the usual folder is "localhost" there.
  std::optional<std::string> Find(const Server& server, std::string_view database,
                                  std::string_view user) const;

  friend bool operator==(const PasswordFile&, const PasswordFile&) = default;

 private:
  struct Field {
    bool any = false;
    std::string text;
    friend bool operator==(const Field&, const Field&) = default;
    bool Fits(std::string_view value) const { return any || text == value; }
  };
  struct Line {
    Field host, port, database, user;
    std::string password;
    friend bool operator==(const Line&, const Line&) = default;
  };
  static std::optional<Line> ParseLine(std::string_view text);

  std::vector<Line> lines_;
};

}  // namespace tidemill::postgres
