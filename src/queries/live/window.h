// Window: the rows of one live query as its subscribers have them, and what has to change when it is asked
// anew.
//
// Knows neither channels nor databases. One owner at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidemill::queries::live {

// A row of a result: what tells it apart, and all of it as a JSON object.
struct Row {
  std::string key;
  std::string data;
};

// What subscribers are told of a key.
struct Change {
  std::string key;
  std::string data;        // "" where it is removed
  std::int64_t score = 0;  // the higher, the further up in the result
  bool removed = false;
  friend bool operator==(const Change&, const Change&) = default;
};

class Window {
 public:
  // `rows`, in the order of the result, are all there are now; no two have the same key. Gives what has
  // changed, each key once, removals first.
  std::vector<Change> Replace(std::vector<Row> rows);

  struct View {
    std::string_view key;
    std::int64_t score = 0;
    std::string_view data;
  };
  // As the result has them; until the next Replace.
  std::vector<View> InOrder() const;
  // The first row, as if it had changed; nullopt: there is none.
  std::optional<Change> Top() const;

  std::size_t size() const { return rows_.size(); }
  // Of keys and data, and what each row takes beside them.
  std::size_t bytes() const { return bytes_; }
  static constexpr std::size_t kRowBytes = 100;

 private:
  struct Held {
    std::string data;
    std::int64_t score = 0;
    std::uint64_t round = 0;  // the last Replace that had it
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::unordered_map<std::string, Held, TextHash, std::equal_to<>> rows_;
  std::size_t bytes_ = 0;
  std::uint64_t round_ = 0;
};

}  // namespace tidemill::queries::live
