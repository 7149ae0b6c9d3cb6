// The forms in which open relays have been asked to pass mail on: the classic list of relay testers (percent, bang, source routes, quotes, literals, null
// and local senders) and ours. None of them may be taken for somebody elsewhere.
#pragma once

#include <string>
#include <vector>

namespace hikyaku::policy {

struct RelayForm {
  std::string sender;     // between the brackets of MAIL FROM
  std::string recipient;  // between those of RCPT TO
  bool local = false;     // its domain is ours: it may be taken, for a mailbox here, and only for that
  bool after_failed_login = false;
};

struct RelayPlace {
  std::string domain;   // a local one
  std::string our_name;
  std::string address;  // of the server, as the client reaches it
  std::string foreign;  // a domain that is nobody's here
};
[[nodiscard]] std::vector<RelayForm> relay_forms(const RelayPlace& place);

}  // namespace hikyaku::policy
