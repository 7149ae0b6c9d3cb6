#include "services/policy/relay_forms.h"

namespace hikyaku::policy {

std::vector<RelayForm> relay_forms(const RelayPlace& place) {
  const auto& [domain, our_name, address, foreign] = place;
  const std::string literal = address.find(':') == std::string::npos ? "[" + address + "]" : "[IPv6:" + address + "]";
  const std::string outside = "relaytest@" + foreign;
  const std::vector<std::string> senders{"",           "spamtest@" + foreign, "spamtest@" + domain, "postmaster@" + domain, "spamtest@" + our_name,
                                         "spamtest@" + literal, "spamtest@localhost"};
  std::vector<RelayForm> forms;
  for (const auto& sender : senders) forms.push_back({sender, outside});
  const auto& sender = senders[2];
  // Elsewhere, however it is written.
  for (const std::string& recipient : std::vector<std::string>{"relaytest@" + foreign + ".", "RELAYTEST@" + foreign, "\"relaytest\"@" + foreign, "@" + domain + ":" + outside, "@" + our_name + ",@" + domain + ":" + outside,
                                "@" + literal + ":" + outside, "relaytest@" + domain + "@" + foreign, "relaytest@" + domain + "." + foreign, "relaytest@" + foreign + "%" + domain,
                                foreign + "!relaytest@" + foreign, "relaytest@[198.51.100.1]", "relaytest@[IPv6:2001:db8::1]", "relaytest@" + foreign + "\\@" + domain})
    forms.push_back({sender, recipient});
  // Ours by the domain: what stands before the @ is a mailbox's name and nothing else.
  for (const std::string& local_part : std::vector<std::string>{"relaytest%" + foreign, "relaytest%" + foreign + "%" + foreign, "\"" + outside + "\"", "\"relaytest%" + foreign + "\"", foreign + "!relaytest", "\"" + foreign + "!relaytest\"",
                                 "relaytest=" + foreign, "@" + foreign + ":relaytest"}) {
    forms.push_back({sender, local_part + "@" + domain, true});
    forms.push_back({sender, local_part + "@" + literal, true});
  }
  forms.push_back({sender, outside + "@" + domain, true});
  for (const std::string& one : {senders[0], senders[2]}) forms.push_back({one, outside, false, true});
  return forms;
}

}  // namespace hikyaku::policy
