// Strong: a value with a name of its own, so that two strings or two integers cannot be mistaken for
// each other at a border.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <utility>

namespace tidemill {

template <class T, class Tag>
class Strong {
 public:
  Strong() = default;
  explicit Strong(T value) : value_(std::move(value)) {}

  const T& value() const& { return value_; }
  T&& value() && { return std::move(value_); }

  friend auto operator<=>(const Strong&, const Strong&) = default;

 private:
  T value_{};
};

}  // namespace tidemill

template <class T, class Tag>
struct std::hash<tidemill::Strong<T, Tag>> {
  std::size_t operator()(const tidemill::Strong<T, Tag>& strong) const {
    return std::hash<T>{}(strong.value());
  }
};
