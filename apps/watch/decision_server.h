// The page behind a link about who was put off: GET shows what it is about and two buttons, POST decides. A program that fetches every link it finds
// decides nothing. It has no key and no right to the directory: `deliver`, who made the link, answers.
#pragma once

#include "apps/watch/page_server.h"
#include "io/channel.h"
#include "services/refusals/decision_protocol.h"

namespace hikyaku::apps {

// The link in a request's target ("/refusals/LINK", behind whatever prefix a proxy adds); empty: there is none.
[[nodiscard]] std::string link_of(std::string_view target);
// What the form says (application/x-www-form-urlencoded). Nothing: neither of the two.
[[nodiscard]] std::optional<refusals::Decision> decision_of(std::string_view body);
enum class PageLanguage : std::uint8_t { English, Japanese };
// The whole page; strangers' words are escaped.
[[nodiscard]] std::string decision_page(const refusals::DecisionReply& reply, PageLanguage language);

class DecisionServer {
 public:
  DecisionServer(Service& service, io::Loop& loop);
  // Accepts on every listener "decisions", until close().
  void start() { pages_.start(); }
  void close() { pages_.close(); }

 private:
  Task<std::string> answer(PageRequest request);

  Service& service_;
  io::Loop& loop_;
  io::ChannelClient deliver_;
  PageServer pages_;
};

}  // namespace hikyaku::apps
