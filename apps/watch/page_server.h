// A small HTTP server on one listener: each request is answered by one function and its connection closed. A handful of clients at a time, small
// requests, ten seconds each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/service/service.h"
#include "io/connection.h"
#include "io/listener.h"
#include "protocol/http/head.h"

namespace hikyaku::apps {

struct PageRequest {
  http::RequestHead head;
  std::string body;    // as long as the head said
  std::string client;  // its address
};

// A whole answer. `more`: fields, each with its CRLF.
[[nodiscard]] std::string http_answer(std::string_view status, std::string_view type, std::string_view body, std::string_view more = {});

class PageServer {
 public:
  using Answer = std::function<Task<std::string>(PageRequest)>;  // of http_answer(); must outlive the loop
  PageServer(Service& service, io::Loop& loop, std::string listener, Answer answer) : service_(service), loop_(loop), listener_(std::move(listener)), answer_(std::move(answer)) {}
  // Accepts until close().
  void start();
  void close();

 private:
  static Task<void> accept(PageServer& server, io::Listener& listener);
  static Task<void> serve(PageServer& server, io::Accepted accepted);

  Service& service_;
  io::Loop& loop_;
  const std::string listener_;
  const Answer answer_;
  std::size_t clients_ = 0;
  std::vector<std::unique_ptr<io::Listener>> listeners_;
};

}  // namespace hikyaku::apps
