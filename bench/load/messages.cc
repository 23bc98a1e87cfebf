#include "load/messages.h"

#include <cstdlib>

#include "load/wire.h"

namespace load {
namespace {

// Added to what is written, so that it always has the same number of digits.
constexpr std::int64_t kNumberBase = 1'000'000'000;
constexpr std::int64_t kTimeBase = 1'000'000'000'000'000'000;

constexpr std::string_view kPushBefore = R"({"push":{"channel":"bench","pub":{"data":)";
constexpr std::string_view kPushAfter =
    R"(,"info":{"user":"","client":"00000000-0000-0000-0000-000000000000"}}}})";

}  // namespace

Stamp ReadStamp(std::string_view payload) {
  constexpr std::string_view kNumber = R"({"n":)";
  constexpr std::string_view kTime = R"(,"t":)";
  const std::size_t at = payload.find(kNumber);
  if (at == std::string_view::npos || payload.size() < at + 40) return {};
  const char* const number = payload.data() + at + kNumber.size();
  return {.number = std::strtoll(number, nullptr, 10) - kNumberBase,
          .time_ns = std::strtoll(number + 10 + kTime.size(), nullptr, 10) - kTimeBase};
}

Messages::Messages(Target target, int payload_bytes)
    : before_(target == Target::kFloor ? kPushBefore : R"({"id":3,"publish":{"channel":"bench","data":)"),
      after_(target == Target::kFloor ? kPushAfter : "}}") {
  const auto size = static_cast<std::size_t>(payload_bytes);
  data_ = R"({"n":1000000000,"t":1000000000000000000,"p":")";
  data_.append(size - data_.size() - 2, 'x');
  data_ += "\"}";
  delivered_bytes_ = FrameBytes(kPushBefore.size() + size + kPushAfter.size());
}

std::string_view Messages::Data(const Stamp& stamp) {
  data_.replace(5, 10, std::to_string(kNumberBase + stamp.number));
  data_.replace(20, 19, std::to_string(kTimeBase + stamp.time_ns));
  return data_;
}

void Messages::AppendPublish(const Stamp& stamp, std::string& out) {
  text_ = before_;
  text_ += Data(stamp);
  text_ += after_;
  AppendFrame(text_, out);
}

std::size_t Messages::delivered_bytes() const { return delivered_bytes_; }

}  // namespace load
