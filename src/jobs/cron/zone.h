// Zone: the rules of an IANA time zone: what clocks on its walls show, and where they were moved.
//
// The rules come from the machine's files (/usr/share/zoneinfo, or the folder that TZDIR names), which the
// Debian package tzdata brings; UTC needs none. Immutable after construction; any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/cron/calendar.h"

namespace tidemill::cron {

struct UnixTime {
  std::int64_t seconds = 0;
  friend auto operator<=>(const UnixTime&, const UnixTime&) = default;
};

class Zone {
 public:
  static constexpr std::size_t kNameBytesMax = 64;

  // UTC
  Zone();
  // Reads a file of some KiB the first time that a zone is asked for; the process keeps what it read.
  // kInvalidArgument: not the name of a zone. kNotFound: there is no such zone, or no zones at all, on this
  // machine; the detail says which.
  static Result<Zone> Load(std::string_view name);

  const std::string& name() const { return name_; }

  LocalTime LocalAt(UnixTime at) const;

  // When the clock shows `at`.
  struct Instants {
    enum class Kind : std::uint8_t {
      kOnce,
      kNever,  // the clock was moved forward over it; `first` is when
      kTwice,  // the clock was moved back; `first` is when it is shown for the first time
    };
    Kind kind = Kind::kOnce;
    UnixTime first;
    LocalTime overlap_end;  // of kTwice: the first time after `at` that is shown once
  };
  Instants Find(LocalTime at) const;

  // When the clock is next moved after `at`; nullopt: never again.
  std::optional<UnixTime> NextMove(UnixTime at) const;

 private:
  struct Rules;
  Zone(std::string_view name, std::shared_ptr<const Rules> rules);

  std::string name_;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace tidemill::cron
