// What compile_times.py compiles to see how fast a machine is: libraries that the sources use.
#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

std::string Reference(const std::map<std::string, std::variant<int, double, std::string>>& values,
                      const std::function<std::optional<std::string>(int)>& name) {
  std::unordered_map<std::string, std::vector<std::unique_ptr<std::string>>> by_name;
  for (const auto& [key, value] : values) {
    const std::string called = name(static_cast<int>(value.index())).value_or(key);
    by_name[called].push_back(std::make_unique<std::string>(key));
  }
  std::string text;
  for (const auto& [key, all] : by_name) text += fmt::format("{}: {}, {:.3f}\n", key, all.size(), 0.5);
  return text;
}
