// Settings of the embedded database: storage.sqlite.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::sqlite {

struct SqliteSettings {
  std::string path;                       // "": there is no such database
  std::string synchronous = "full";       // or "normal"
  std::uint32_t readers = 4;              // threads that read, each with a connection
  std::uint64_t cache_bytes = 16u << 20;  // of pages, per connection
  std::uint32_t statements_max = 200;     // prepared and kept, per connection
  std::uint32_t waiting_max = 10'000;     // of the writer, and the same of the readers
  Duration busy_timeout = Seconds(5);     // for locks of other processes
  Duration statement_timeout = Seconds(30);
  Duration transaction_timeout = Seconds(30);
  Duration transaction_idle_timeout = Seconds(5);
  std::uint64_t result_rows_max = 100'000;
  std::uint64_t result_bytes_max = 64u << 20;
  std::uint64_t wal_checkpoint_bytes = 4u << 20;  // from here on, when the writer has nothing else to do
  std::uint64_t wal_bytes_max = 64u << 20;        // from here on, whatever it has to do
  bool given() const { return !path.empty(); }
  friend bool operator==(const SqliteSettings&, const SqliteSettings&) = default;
};

config::Section<SqliteSettings> SqliteSection();

}  // namespace tidemill::sqlite
