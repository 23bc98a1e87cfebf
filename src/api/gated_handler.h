// GatedHandler: a handler of the API lets in who has its key, before any of the body is kept.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>

#include "api/service.h"
#include "http/handler.h"

namespace tidemill::api {

class GatedHandler : public http::Handler {
 public:
  // `service` outlives it.
  explicit GatedHandler(Service& service, Rights rights = Rights::kAll)
      : service_(service), rights_(rights) {}

  // As long as the server takes.
  std::size_t body_bytes_max() const override { return std::numeric_limits<std::size_t>::max(); }
  bool admits_stranger(const http::Request&) const override { return false; }
  std::optional<http::Response> Admit(const http::Request& request) override {
    return service_.Refuse(request, rights_);
  }

 protected:
  Service& service_;

 private:
  const Rights rights_;
};

}  // namespace tidemill::api
