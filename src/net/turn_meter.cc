#include "net/turn_meter.h"

#include <cxxabi.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace tidemill::net {
namespace {

struct Free {
  void operator()(char* name) const { std::free(name); }
};

std::string Readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, Free> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status));
  return status == 0 ? name.get() : type.name();
}

}  // namespace

std::int64_t ThreadCpuMicros() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

std::string LongTurn::Work() const {
  std::string work;
  for (const std::type_info* const type : piece.work) {
    if (type == nullptr) continue;
    const std::string name = Readable(*type);
    if (work.find(name) != std::string::npos) continue;
    if (!work.empty()) work += "; ";
    work += name;
  }
  return work;
}

void TurnMeter::Begin() {
  cpu_ = cpu_clock_();
  busy_ = 0;
  turns_ = 0;
}

void TurnMeter::EndTurn(Micros wall, const TurnPiece& piece) {
  busy_ += wall;
  if (wall > longest_.wall) longest_ = {.wall = wall, .piece = piece};
  if (++turns_ < kTurnsPerLook && wall < kLook) return;
  const Micros before = cpu_;
  const Micros busy = busy_;
  Begin();
  const Micros taken_away = std::max<Micros>(busy - (cpu_ - before), 0);
  const Micros cpu = std::max<Micros>(wall - taken_away, 0);
  if (wall == longest_.wall) longest_.cpu = cpu;
  if (cpu > longest_cpu()) longest_cpu_.store(cpu, std::memory_order_relaxed);
  if (cpu > kLong) long_turns_.store(long_turns() + 1, std::memory_order_relaxed);
}

}  // namespace tidemill::net
