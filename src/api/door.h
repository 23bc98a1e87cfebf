// Door: who may use the API. A key comes as X-API-Key, as "Authorization: apikey KEY" or as ?api_key=KEY.
//
// Loop thread only; a reload makes a new one.
#pragma once

#include <string>
#include <string_view>

#include "auth/api_key.h"
#include "config/settings.h"
#include "http/message.h"

namespace tidemill::api {

class Door {
 public:
  // Without a key nobody comes in, unless it is insecure.
  explicit Door(const config::HttpApiSettings& settings)
      : insecure_(settings.insecure), keys_(settings.keys) {}
  bool Admits(const http::Request& request);

 private:
  bool AdmitsKey(std::string_view key);

  bool insecure_;
  auth::ApiKeys keys_;
  std::string last_admitted_;  // a backend sends the same key each time: it is hashed once
};

}  // namespace tidemill::api
