// AppNames: what clients say they are (name and version in the connect command), each pair kept once for all
// clients of a loop that say the same.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemill::session {

class AppNames {
 public:
  // Pairs at once; a client that says another one counts as saying nothing.
  static constexpr std::size_t kPairsMax = 255;
  // Of name and version each; what is longer is cut.
  static constexpr std::size_t kBytesMax = 64;

  AppNames() = default;
  AppNames(const AppNames&) = delete;
  AppNames& operator=(const AppNames&) = delete;

  struct App {
    std::string name;
    std::string version;
    friend auto operator<=>(const App&, const App&) = default;
  };

  // A number that stands for the pair until it was given back as often as it was taken; 0: for nothing.
  std::uint8_t Take(std::string_view name, std::string_view version);
  void GiveBack(std::uint8_t number);
  const App& Of(std::uint8_t number) const { return number == 0 ? nothing_ : *apps_[number - 1].app; }

  std::size_t size() const { return numbers_.size(); }

 private:
  struct Slot {
    const App* app = nullptr;  // the key in numbers_
    std::uint32_t clients = 0;
  };

  const App nothing_{};
  std::map<App, std::uint8_t> numbers_;
  std::vector<Slot> apps_;  // that of a number is at the number less 1
  std::vector<std::uint8_t> free_;
};

}  // namespace tidemill::session
