#include "jobs/cron/zone.h"

#include <absl/time/time.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/ascii.h"

namespace tidemill::cron {
namespace {

const absl::CivilSecond kEpoch(1970, 1, 1, 0, 0, 0);

std::string Folder() {
  const char* const folder = std::getenv("TZDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

// The names of zones are relative paths of letters, digits, + - _ below the folder.
bool IsName(std::string_view name) {
  if (name.empty() || name.size() > Zone::kNameBytesMax || name.front() == '/' || name.back() == '/')
    return false;
  if (name.contains("//")) return false;
  for (const char c : name) {
    if (!IsLetter(c) && !IsDigit(c) && !std::string_view("/+-_").contains(c)) return false;
  }
  return true;
}

bool IsFolder(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// RFC 9636 section 3.1: such a file begins with "TZif".
bool IsZoneFile(const std::string& path) {
  if (IsFolder(path)) return false;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  char magic[4] = {};
  return file != nullptr && std::fread(magic, 1, sizeof(magic), file.get()) == sizeof(magic) &&
         std::string_view(magic, sizeof(magic)) == "TZif";
}

UnixTime ToUnix(absl::Time time) { return {absl::ToUnixSeconds(time)}; }
LocalTime ToLocal(absl::CivilSecond civil) { return {civil - kEpoch}; }

}  // namespace

struct Zone::Rules {
  absl::TimeZone zone = absl::UTCTimeZone();
};

Zone::Zone() : Zone("UTC", std::make_shared<const Rules>()) {}

Zone::Zone(std::string_view name, std::shared_ptr<const Rules> rules)
    : name_(name), rules_(std::move(rules)) {}

Result<Zone> Zone::Load(std::string_view name) {
  if (name == "UTC") return Zone();
  if (!IsName(name)) {
    return Fail(
        Errc::kInvalidArgument,
        fmt::format("\"{}\" is not the name of a time zone; write it like \"Europe/Berlin\" or \"UTC\"",
                    name.substr(0, kNameBytesMax)));
  }
  // right/ counts leap seconds; the others mean what this machine means, which the next node's may not.
  if (name.starts_with("right/") || name.starts_with("posix/") || name == "localtime" ||
      name == "posixrules") {
    return Fail(Errc::kInvalidArgument,
                fmt::format("\"{}\" is no IANA time zone; write it like \"Europe/Berlin\" or \"UTC\"", name));
  }
  // Abseil keeps every name that it was asked for, found or not: only what is there may reach it.
  const std::string folder = Folder();
  const std::string path = fmt::format("{}/{}", folder, name);
  if (!IsZoneFile(path)) {
    if (!IsZoneFile(folder + "/Etc/UTC")) {
      return Fail(
          Errc::kNotFound,
          fmt::format("time zone {}: this machine has no time zones in {} (Debian: apt-get install tzdata)",
                      name, folder));
    }
    return Fail(Errc::kNotFound,
                fmt::format("there is no time zone \"{}\" in {}; names are case-sensitive", name, folder));
  }
  Rules rules;
  if (!absl::LoadTimeZone(std::string(name), &rules.zone)) {
    return Fail(Errc::kNotFound, fmt::format("time zone {}: {} cannot be read", name, path));
  }
  return Zone(name, std::make_shared<const Rules>(rules));
}

LocalTime Zone::LocalAt(UnixTime at) const {
  return ToLocal(rules_->zone.At(absl::FromUnixSeconds(at.seconds)).cs);
}

Zone::Instants Zone::Find(LocalTime at) const {
  const absl::TimeZone::TimeInfo info = rules_->zone.At(kEpoch + at.seconds);
  switch (info.kind) {
    case absl::TimeZone::TimeInfo::UNIQUE:
      return {.kind = Instants::Kind::kOnce, .first = ToUnix(info.pre), .overlap_end{}};
    case absl::TimeZone::TimeInfo::SKIPPED:
      return {.kind = Instants::Kind::kNever, .first = ToUnix(info.trans), .overlap_end{}};
    case absl::TimeZone::TimeInfo::REPEATED: break;
  }
  return {.kind = Instants::Kind::kTwice,
          .first = ToUnix(info.pre),
          .overlap_end = {LocalAt({ToUnix(info.trans).seconds - 1}).seconds + 1}};
}

std::optional<UnixTime> Zone::NextMove(UnixTime at) const {
  absl::TimeZone::CivilTransition move;
  const absl::Time from = absl::FromUnixSeconds(at.seconds);
  if (!rules_->zone.NextTransition(from, &move)) return std::nullopt;
  return ToUnix(rules_->zone.At(move.to).trans);
}

}  // namespace tidemill::cron
