#include "realtime/proxies/settings.h"

#include <gtest/gtest.h>

#include "config/section.h"
#include "realtime/proxies/transforms.h"

namespace tidemill::proxies {
namespace {

std::vector<std::string> Found(const config::Findings& findings) {
  std::vector<std::string> texts;
  for (const config::Finding& finding : findings) texts.push_back(finding.key + finding.text);
  return texts;
}

TEST(ProxySettings, AreCheckedOneByOne) {
  struct Case {
    ProxySettings proxy;
    const char* found;  // "": nothing
  };
  const Case cases[] = {
      {{}, ""},
      {{.endpoint = "https://a.com/x?y"}, ""},
      {{.enabled = true}, "p.endpoint: not set"},
      {{.endpoint = "grpc://a:1"},
       "p.endpoint: gRPC is not available; let the service answer over HTTP, and give an http or https URL"},
      {{.endpoint = "http://u:secret@a"},
       "p.endpoint: must be an absolute http or https URL without credentials"},
      {{.http_headers = {"a b"}}, "p.http_headers: \"a b\" is no name of a header"},
      {{.emulated_headers = {"Host"}}, "p.emulated_headers: \"Host\" belongs to the call itself"},
      {{.static_headers = {R"({"Content-Length":"1"})"}},
       "p.http.static_headers: \"Content-Length\" belongs to the call itself"},
      {{.static_headers = {R"({"A":"b\r\nC: d"})"}},
       "p.http.static_headers: \"A\" or its value is no header of HTTP"},
      {{.status_to_code_transforms = {R"([{"status_code":404}])"}},
       "p.http.status_to_code_transforms: [0]: needs either to_error or to_disconnect with a code"},
      {{.tls_enabled = true, .tls_cert_file = "x"},
       "p.http.tls.cert_pem: http.tls.cert_pem and http.tls.key_pem belong together"},
      {{.tls_insecure_skip_verify = true}, "p.http.tls.enabled: other keys of http.tls need it to be true"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.found);
    config::Findings findings;
    ConnectProxySection().check(c.proxy, "p.", findings);
    EXPECT_EQ(Found(findings),
              std::string(c.found).empty() ? std::vector<std::string>{} : std::vector<std::string>{c.found});
  }
}

TEST(ProxySettings, AreCheckedWhereTheyAreUsed) {
  ProxiesSettings proxies;
  channels::ChannelSettings channel;
  channel.without_namespace.subscribe_proxy_enabled = true;
  channel.namespaces["chat"].publish_proxy_name = "mine";
  proxies.rpc_namespaces["a"].proxy_enabled = true;
  config::Findings findings;
  Check(proxies, channel, findings);
  EXPECT_EQ(
      Found(findings),
      (std::vector<std::string>{
          "channel.without_namespace.subscribe_proxy_enabled = true: needs channel.proxy.subscribe.endpoint, "
          "or a proxy of [[proxies]] in subscribe_proxy_name",
          "channel.namespaces.chat.publish_proxy_name = \"mine\": no such proxy in [[proxies]]",
          "rpc.namespaces.a.proxy_enabled = true: needs rpc.proxy.endpoint, or a proxy of [[proxies]] in "
          "proxy_name"}));
  proxies.named["mine"].endpoint = proxies.subscribe.endpoint = proxies.rpc.endpoint = "http://a";
  findings.clear();
  Check(proxies, channel, findings);
  EXPECT_EQ(Found(findings), std::vector<std::string>{});
}

TEST(ReadTransforms, GivesCodesOfStatuses) {
  const auto transforms = ReadTransforms(
      R"([{"status_code":404,"to_error":{"code":404,"message":"no","temporary":true}},)"
      R"({"status_code":403,"to_disconnect":{"code":4500,"reason":"out"},"to_error":{"code":0}}])");
  ASSERT_TRUE(transforms) << transforms.error().detail;
  EXPECT_EQ(*transforms, (std::vector<StatusTransform>{{404, ErrorText{404, "no", true}},
                                                       {403, DisconnectText{4500, "out"}}}));
  for (const char* const wrong :
       {R"([1])", R"([{"status_code":200,"to_error":{"code":1}}])",
        R"([{"status_code":99,"to_error":{"code":1}}])",
        R"([{"status_code":404,"to_disconnect":{"code":1000}}])",
        R"([{"status_code":404,"to_error":{"code":1,"message":"ü"}}])",
        R"([{"status_code":404,"to_error":{"code":1},"to_disconnect":{"code":4000}}])"}) {
    EXPECT_FALSE(ReadTransforms(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace tidemill::proxies
