// Statement, Call: one SQL statement, and one use of it.
//
// Parameters are $1, $2 … in Postgres and ?1, ?2 … in SQLite. A Statement is prepared once per connection and
// kept there, so it is made once and lives long. What is made at run time says so (Reuse::kOnce).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sql/parameter.h"

namespace tidemill::sql {

enum class Reuse : std::uint8_t { kOften, kOnce };

// Immutable; any thread; copying it copies a pointer.
class Statement {
 public:
  struct Options {
    Reuse reuse = Reuse::kOften;
    // Types of parameters where the database cannot tell: Postgres' OIDs, 0 for the others. Unused in SQLite.
    std::vector<std::uint32_t> parameter_oids;
  };
  explicit Statement(std::string text) : Statement(std::move(text), Options{}) {}
  Statement(std::string text, Options options)
      : content_(std::make_shared<const Content>(std::move(text), std::move(options))) {}

  const std::string& text() const { return content_->text; }
  Reuse reuse() const { return content_->options.reuse; }
  const std::vector<std::uint32_t>& parameter_oids() const { return content_->options.parameter_oids; }
  // Tells statements apart in a cache: the same for copies, never used again while one lives.
  const void* identity() const { return content_.get(); }

 private:
  struct Content {
    Content(std::string t, Options o) : text(std::move(t)), options(std::move(o)) {}
    std::string text;
    Options options;
  };
  std::shared_ptr<const Content> content_;
};

enum class Access : std::uint8_t { kRead, kWrite };

// 0 and nullopt: the database's own setting.
struct Limits {
  std::uint64_t rows_max = 0;
  std::uint64_t bytes_max = 0;
  std::optional<MonotonicTime> deadline;
  // How long it may wait for a connection, or for a thread that has one; then it is kBusy.
  std::optional<Duration> wait_max;
};

// Settings of PostgreSQL by name, as set_config takes them. At most kLocalSettingsMax.
using LocalSettings = std::vector<std::pair<std::string, std::string>>;
inline constexpr std::size_t kLocalSettingsMax = 16;

struct Call {
  Statement statement;
  Parameters parameters{};
  // kRead: it must not write, and the database sees to that (kReadOnly).
  Access access = Access::kWrite;
  Limits limits{};
  // PostgreSQL only: they are set in front of it, in the same round trip, and end with its transaction. Of
  // several calls that go together those of the first count. Null: none.
  std::shared_ptr<const LocalSettings> settings{};
};

}  // namespace tidemill::sql
