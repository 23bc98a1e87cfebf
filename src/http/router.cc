#include "http/router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "http/grammar.h"

namespace tidemill::http {
namespace {

std::string_view NameOf(Method method) {
  switch (method) {
    case Method::kGet: return "GET";
    case Method::kHead: return "HEAD";
    case Method::kPost: return "POST";
    case Method::kPut: return "PUT";
    case Method::kDelete: return "DELETE";
    case Method::kPatch: return "PATCH";
    case Method::kOptions:
    case Method::kOther: break;
  }
  return "";
}

// Takes the first segment off `rest`, which begins with its slash: "/a/b" gives "a" and leaves "/b".
std::string_view TakeSegment(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

// "id" of "{id}"; nullopt for an exact segment.
std::optional<std::string_view> ParameterName(std::string_view segment) {
  if (!segment.starts_with('{')) return std::nullopt;
  return segment.substr(1, segment.size() - 2);
}

bool IsName(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; });
}

std::vector<std::string> ParameterNames(std::string_view pattern) {
  std::vector<std::string> names;
  while (!pattern.empty()) {
    if (const auto name = ParameterName(TakeSegment(pattern))) names.emplace_back(*name);
  }
  return names;
}

}  // namespace

struct Router::Branch {
  std::unordered_map<std::string, std::unique_ptr<Branch>, PathHash, std::equal_to<>> exact;
  std::unique_ptr<Branch> named;
  std::optional<Route> here;
  std::optional<Route> rest;  // "*"

  // Leaves `values` as it was where nothing matches. Visits each branch at most once.
  const Route* Find(std::string_view path, std::vector<std::string_view>& values) const {
    if (path.empty()) return here ? &*here : nullptr;
    std::string_view left = path;
    const std::string_view segment = TakeSegment(left);
    if (const auto found = exact.find(segment); found != exact.end()) {
      if (const Route* const route = found->second->Find(left, values)) return route;
    }
    if (named && !segment.empty()) {
      values.push_back(segment);
      if (const Route* const route = named->Find(left, values)) return route;
      values.pop_back();
    }
    return rest ? &*rest : nullptr;
  }
};

Router::Router() : root_(std::make_unique<Branch>()) {}
Router::~Router() = default;

const Router::Endpoint* Router::Route::For(Method method) const {
  const auto serves = [method](const Endpoint& endpoint) {
    return endpoint.method == method ||
           (method == Method::kHead && endpoint.method == Method::kGet && endpoint.handler);
  };
  const auto found = std::ranges::find_if(endpoints, serves);
  return found == endpoints.end() ? nullptr : &*found;
}

Result<void> Router::CheckPattern(std::string_view pattern) {
  const auto fail = [pattern](const char* why) {
    return Fail(Errc::kInvalidArgument, "\"" + std::string(pattern) + "\" is no path pattern: " + why);
  };
  if (!pattern.starts_with('/')) return fail("it must begin with /");
  std::vector<std::string_view> names;
  for (std::string_view rest = pattern; !rest.empty();) {
    const std::string_view segment = TakeSegment(rest);
    if (segment == "*") {
      if (!rest.empty()) return fail("* is the last segment");
    } else if (segment.find_first_of("{}*") != std::string_view::npos) {
      if (!segment.starts_with('{') || !segment.ends_with('}') ||
          !IsName(segment.substr(1, segment.size() - 2))) {
        return fail("a named segment is {name}, of letters, digits and _");
      }
      const std::string_view name = *ParameterName(segment);
      if (std::ranges::find(names, name) != names.end()) return fail("two segments have one name");
      names.push_back(name);
    }
  }
  return {};
}

void Router::Add(Method method, std::string_view pattern, std::shared_ptr<Handler> handler) {
  const std::string allow(method == Method::kGet ? "GET, HEAD" : NameOf(method));
  AddEndpoint(pattern, {.method = method, .handler = std::move(handler)}, allow);
}

void Router::AddTakeover(Method method, std::string_view pattern, std::shared_ptr<TakeoverHandler> handler) {
  if (std::ranges::find(takeovers_, handler) == takeovers_.end()) takeovers_.push_back(handler);
  AddEndpoint(pattern, {.method = method, .takeover = std::move(handler)}, NameOf(method));
}

void Router::AddEndpoint(std::string_view pattern, Endpoint endpoint, std::string_view allow) {
  TM_ASSERT(CheckPattern(pattern));
  endpoint.parameter_names = std::make_shared<const std::vector<std::string>>(ParameterNames(pattern));
  Route& route = At(pattern);
  route.endpoints.push_back(std::move(endpoint));
  route.allow = std::string(allow) + ", " + route.allow;
  if (!ListsToken(allow_, NameOf(route.endpoints.back().method))) allow_ = std::string(allow) + ", " + allow_;
}

void Router::AddMount(std::string_view pattern, std::shared_ptr<Mount> mount) {
  TM_ASSERT(CheckPattern(pattern));
  At(pattern).mount = std::move(mount);
  constexpr std::string_view kAll = "GET, HEAD, POST, PUT, PATCH, DELETE";
  if (!allow_.starts_with(kAll)) allow_ = std::string(kAll) + ", OPTIONS";
}

Router::Route& Router::At(std::string_view pattern) {
  if (pattern.find_first_of("{*") == std::string_view::npos) return exact_[std::string(pattern)];
  Branch* branch = root_.get();
  while (!pattern.empty()) {
    const std::string_view segment = TakeSegment(pattern);
    if (segment == "*") return branch->rest ? *branch->rest : branch->rest.emplace();
    std::unique_ptr<Branch>& next =
        ParameterName(segment) ? branch->named : branch->exact[std::string(segment)];
    if (!next) next = std::make_unique<Branch>();
    branch = next.get();
  }
  return branch->here ? *branch->here : branch->here.emplace();
}

const Router::Route* Router::Find(std::string_view path, std::vector<std::string_view>& values) const {
  values.clear();
  if (const auto found = exact_.find(path); found != exact_.end()) return &found->second;
  return path.starts_with('/') ? root_->Find(path, values) : nullptr;
}

}  // namespace tidemill::http
