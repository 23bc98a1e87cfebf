#include "queries/files/route.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/ascii.h"
#include "base/nearest.h"
#include "queries/files/lexer.h"

namespace tidemill::files {
namespace {

constexpr std::array<std::pair<std::string_view, Method>, 5> kMethods = {{
    {"get", Method::kGet},
    {"post", Method::kPost},
    {"put", Method::kPut},
    {"patch", Method::kPatch},
    {"delete", Method::kDelete},
}};
constexpr std::string_view kMethodNames = "get, post, put, patch, delete";

void Report(Problems& problems, std::string message, std::string hint = {}) {
  problems.Add(ProblemKind::kRoute, {}, std::move(message), std::move(hint));
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<Method> MethodNamed(std::string_view name) {
  for (const auto& [known, method] : kMethods) {
    if (known == name) return method;
  }
  return std::nullopt;
}

std::optional<Method> ReadMethod(std::string_view name, Problems& problems) {
  if (const auto method = MethodNamed(name)) return method;
  std::string hint = "accepted: " + std::string(kMethodNames);
  if (name == "head") {
    hint = "HEAD is answered by the .get.sql";
  } else if (name == "options") {
    hint = "OPTIONS is answered by the server";
  } else if (MethodNamed(ToLower(name))) {
    hint = "names are lower-case: ." + ToLower(name) + ".sql";
  } else {
    std::vector<std::string> names;
    for (const auto& [known, method] : kMethods) names.emplace_back(known);
    if (const auto near = Nearest(name, names)) hint = "did you mean ." + *near + ".sql? " + hint;
  }
  Report(problems, "." + std::string(name) + ".sql: no such method", hint);
  return std::nullopt;
}

void ReadParameterSegment(std::string_view part, FileName& out, Problems& problems) {
  const std::string_view name = part.substr(1, part.size() - 2);
  if (name.starts_with("...")) {
    return Report(problems, std::string(part) + ": a route takes no rest of a path", "accepted: [name]");
  }
  if (!IsParameterName(name)) {
    return Report(problems, std::string(part) + ": no name of a parameter",
                  "a letter or _, then letters, digits and _, 63 at most");
  }
  const bool twice = std::any_of(out.segments.begin(), out.segments.end(), [name](const Segment& segment) {
    return segment.parameter && segment.text == name;
  });
  if (twice) return Report(problems, std::string(part) + " stands twice in the path");
  out.segments.push_back({.text = std::string(name), .parameter = true});
}

void ReadSegment(std::string_view part, FileName& out, Problems& problems) {
  if (part.size() > 2 && part.front() == '[' && part.back() == ']') {
    return ReadParameterSegment(part, out, problems);
  }
  constexpr std::string_view kAccepted = "accepted: a-z, 0-9, _ and -; a parameter is [name], the whole part";
  const auto lower = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-'; };
  if (part.empty()) return Report(problems, "a part of the path is empty", std::string(kAccepted));
  const auto wrong = std::find_if_not(part.begin(), part.end(), lower);
  if (wrong == part.end()) {
    out.segments.push_back({.text = std::string(part)});
  } else if (*wrong >= 'A' && *wrong <= 'Z' && ToLower(part) != part &&
             std::all_of(part.begin(), part.end(), [&lower](char c) { return lower(ToLower(c)); })) {
    Report(problems, std::string(part) + ": upper-case letters in a route", "name it " + ToLower(part));
  } else if (*wrong == '.') {
    Report(problems, std::string(part) + ": a dot in a route", std::string(kAccepted));
  } else {
    Report(problems, std::string(part) + ": a character that a route cannot have", std::string(kAccepted));
  }
}

// name.method.sql without its .sql; what stands before the method may have no dots.
std::string_view ReadStem(std::string_view stem, FileName& out, Problems& problems) {
  const std::size_t dot = stem.rfind('.');
  if (dot == std::string_view::npos) return stem;
  out.method = ReadMethod(stem.substr(dot + 1), problems);
  return stem.substr(0, dot);
}

bool IsHidden(std::string_view part) { return part.starts_with('.'); }

}  // namespace

std::string_view Name(Method method) {
  constexpr std::string_view kNames[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  return kNames[static_cast<std::size_t>(method)];
}

std::string Route::Path() const {
  std::string path;
  for (const Segment& segment : segments) {
    path += segment.parameter ? "/{" + segment.text + "}" : "/" + segment.text;
  }
  return path.empty() ? "/" : path;
}

std::string Route::ToString() const { return std::string(Name(method)) + " " + Path(); }

bool Route::HasParameter(std::string_view name) const {
  return std::any_of(segments.begin(), segments.end(),
                     [name](const Segment& segment) { return segment.parameter && segment.text == name; });
}

FileName ParseFileName(std::string_view path, Problems& problems) {
  FileName out;
  auto parts = SplitAt(path, '/');
  if (std::any_of(parts.begin(), parts.end(), IsHidden)) return out;
  const std::string_view file = parts.back();
  if (!file.ends_with(".sql")) {
    if (EqualIgnoringCase(file.substr(file.size() < 4 ? 0 : file.size() - 4), ".sql")) {
      Report(problems, std::string(file) + ": upper-case letters in its ending", "name it .sql");
    }
    return out;
  }
  if (parts.size() > 1 && parts.front() == "migrations") {
    out.kind = FileKind::kMigration;
    return out;
  }
  if (file.ends_with(".test.sql")) {
    out.kind = FileKind::kTest;
    return out;
  }
  out.kind = FileKind::kQuery;
  if (path.size() > RouteLimits::kPathBytes) {
    problems.Add(ProblemKind::kLimit, {}, "the path has more than 512 bytes");
  }
  if (parts.size() > RouteLimits::kSegments) {
    problems.Add(ProblemKind::kLimit, {}, "the path has more than 16 parts");
  }
  parts.back() = ReadStem(file.substr(0, file.size() - 4), out, problems);
  if (parts.back() == "index") parts.pop_back();
  for (const std::string_view part : parts) ReadSegment(part, out, problems);
  return out;
}

bool IsQueryName(std::string_view name) {
  return !name.empty() && name.size() <= LexLimits::kParameterNameBytes &&
         (IsLetter(name[0]) || name[0] == '_') && std::all_of(name.begin(), name.end(), [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '_' || c == '-';
         });
}

namespace {

// What two routes of one shape have in common.
std::string ShapeOf(const Route& route) {
  std::string shape;
  for (const Segment& segment : route.segments) {
    shape += segment.parameter ? "/{}" : "/" + ToLower(segment.text);
  }
  return shape;
}

std::string WhyConflict(const RouteOwner& route, const RouteOwner& other) {
  const bool same_path = route.route.Path() == other.route.Path();
  if (same_path && route.route.method == other.route.method) {
    return route.route.ToString() + " is also the route of " + other.path;
  }
  if (same_path) return {};
  return route.route.Path() + " and " + other.route.Path() + " of " + other.path +
         (ToLower(route.route.Path()) == ToLower(other.route.Path()) ? " differ only in upper and lower case"
                                                                     : " name their parameters differently");
}

}  // namespace

std::vector<RouteProblem> CheckRoutes(const std::vector<RouteOwner>& routes,
                                      const std::vector<std::string>& reserved) {
  std::vector<RouteProblem> found;
  const auto report = [&found](const RouteOwner& owner, std::string message, std::string hint = {}) {
    found.push_back(
        {owner.path, {.kind = ProblemKind::kRoute, .message = std::move(message), .hint = std::move(hint)}});
  };
  // Of each shape: the first route of each method, so that each further one is compared with five at most.
  std::map<std::string, std::vector<const RouteOwner*>> shapes;
  for (const RouteOwner& owner : routes) {
    const auto& segments = owner.route.segments;
    if (!segments.empty() && std::ranges::find(reserved, segments[0].text) != reserved.end()) {
      report(owner, "/" + segments[0].text + " is the server's own", "choose another name");
    }
    auto& others = shapes[ShapeOf(owner.route)];
    bool conflict = false;
    for (const RouteOwner* other : others) {
      if (const std::string why = WhyConflict(owner, *other); !why.empty()) {
        report(owner, why, "change one of the two");
        report(*other, WhyConflict(*other, owner), "change one of the two");
        conflict = true;
        break;
      }
    }
    if (!conflict) others.push_back(&owner);
  }
  return found;
}

}  // namespace tidemill::files
