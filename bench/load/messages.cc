#include "load/messages.h"

#include <algorithm>
#include <cstdlib>

#include "load/wire.h"

namespace load {
namespace {

// Added to what is written, so that it always has the same number of digits, and fewer than JavaScript's
// numbers can hold: some servers decode data and encode it again.
constexpr std::int64_t kNumberBase = 1'000'000'000;
constexpr std::int64_t kTimeBase = 1'000'000'000'000'000;
const std::int64_t kStart = Now();

Stamp ReadStamp(std::string_view payload) {
  constexpr std::string_view kNumber = R"({"n":)";
  constexpr std::string_view kTime = R"(,"t":)";
  const std::size_t at = payload.find(kNumber);
  if (at == std::string_view::npos || payload.size() < at + 36) return {};
  const char* const number = payload.data() + at + kNumber.size();
  return {.number = std::strtoll(number, nullptr, 10) - kNumberBase,
          .time_ns = std::strtoll(number + 10 + kTime.size(), nullptr, 10) - kTimeBase + kStart};
}

}  // namespace

std::vector<Stamp> ReadStamps(std::string_view payload) {
  std::vector<Stamp> stamps;
  while (!payload.empty()) {
    const std::size_t end = std::min(payload.find('\n'), payload.size());
    stamps.push_back(ReadStamp(payload.substr(0, end)));
    payload.remove_prefix(std::min(end + 1, payload.size()));
  }
  return stamps;
}

bool Received::Take(std::int64_t number, bool ordered) {
  const auto place = static_cast<std::size_t>(number);
  const bool later = place >= came_.size();
  if (later) came_.resize(place + 1);
  const bool is_new = (later || !ordered) && !came_[place];
  came_[place] = true;
  return is_new;
}

Messages::Messages(int payload_bytes) : data_(R"({"n":1000000000,"t":1000000000000000,"p":")") {
  data_.append(static_cast<std::size_t>(payload_bytes) - data_.size() - 2, 'x');
  data_ += "\"}";
}

std::string_view Messages::Data(const Stamp& stamp) {
  data_.replace(5, 10, std::to_string(kNumberBase + stamp.number));
  data_.replace(20, 16, std::to_string(kTimeBase + stamp.time_ns - kStart));
  return data_;
}

std::string OwnChannel(std::size_t number) { return "own" + std::to_string(100'000 + number); }

std::string ChannelOf(std::int64_t number, int rooms) {
  return rooms == 0 ? "bench" : OwnChannel(static_cast<std::size_t>(number % rooms));
}

}  // namespace load
