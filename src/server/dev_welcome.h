// What `serve --dev` says when it listens: where the demo is, and snippets that run as they stand.
//
// tests/readme runs each of them.
#pragma once

#include <string>

namespace tidemill::server {

struct DevWelcome {
  std::string page;       // "http://127.0.0.1:8000"
  std::string websocket;  // "ws://127.0.0.1:8000/connection/websocket"
  std::string api;        // "http://127.0.0.1:8000/api"
  std::string token;      // of a client
  std::string api_key;
  std::string tail_options;  // " --port 9000"; "": the command finds the server without
  std::string publish_options;
  std::string channel;     // the one that the page shows
  std::string faktory;     // "tcp://127.0.0.1:7419", for clients of jobs; "": nobody can connect there
  std::string rest;        // "http://127.0.0.1:8000/rest"; "": no folder of .sql files is served
  std::string dashboards;  // "http://127.0.0.1:8000/dash/"; "": likewise
  std::string console;     // "http://127.0.0.1:8000/console/#key=K"; "": there is none
  std::string chat;        // "http://127.0.0.1:8000/chat/"; "": there is none
  std::string owner_link;  // makes the first owner of the accounts; "": there is one, or no accounts
  std::string of_keys;     // a sentence: how long they are good
  std::string of_pages;    // a sentence: which pages may connect
};

std::string ToText(const DevWelcome& welcome);

}  // namespace tidemill::server
