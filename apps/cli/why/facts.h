// Gathers what `hikyaku why` knows: logs, the queue and its live state, the directory, DNS; and hands the facts of one
// recipient or domain to the diagnosis.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/command.h"
#include "apps/cli/why/log.h"
#include "services/delivery/queue_protocol.h"
#include "services/delivery/recipient_plan.h"
#include "services/delivery/why/diagnosis.h"
#include "services/directory/directory.h"

namespace hikyaku::cli {

// One recipient with its whole time.
struct ExplainedRecipient {
  std::string recipient;
  std::optional<LoggedRecipient> logged;
  std::optional<delivery::RecipientNow> now;  // nothing: it waits nowhere
  delivery::CauseClock spent;                 // since acceptance
};

class WhyGathering {
 public:
  // Asks deliver, or the spool when deliver is stopped. What cannot be had is left out, with a warning on standard error.
  WhyGathering(Invocation& call, delivery::QueueWhyRequest request);

  [[nodiscard]] const delivery::WhyAnswer& answer() const { return answer_; }
  [[nodiscard]] WallTime now() const { return now_; }
  [[nodiscard]] const std::string& log_folder() const { return log_folder_; }
  [[nodiscard]] std::vector<ExplainedRecipient> recipients_of(const LoggedMessage& logged) const;

  // The facts that the diagnosis looks at. DNS is asked.
  [[nodiscard]] delivery::WhyFacts facts_of(const ExplainedRecipient& one);
  // `address`: of the domain, when it was asked for.
  [[nodiscard]] delivery::WhyFacts facts_of_domain(const std::string& domain, const std::string& address = {});
  // Hosts and addresses that DNS or the route gave, for showing.
  [[nodiscard]] const std::vector<std::string>& hosts() const { return hosts_; }

 private:
  void ask_supervisor(delivery::WhyFacts& facts);
  void take_plan(delivery::WhyFacts& facts, const std::string& sender, const std::string& recipient);
  void take_hold(delivery::WhyFacts& facts, delivery::QueueItem item);
  void take_via(delivery::WhyFacts& facts, const delivery::QueueItem& item);
  void take_redirect(delivery::WhyFacts& facts, const std::string& domain, const std::optional<LoggedRecipient>& last);
  void take_last_try(delivery::WhyFacts& facts);
  void take_state(delivery::WhyFacts& facts);
  void take_address(delivery::WhyFacts& facts, const std::string& address) const;
  void ask_dns(delivery::WhyFacts& facts);
  void check_policy(delivery::WhyFacts& facts, const std::string& sender);
  void take_log(delivery::WhyFacts& facts, const LoggedRecipient& last);
  void finish_stopped(delivery::RecipientNow& one) const;
  [[nodiscard]] std::vector<delivery::CausedPause> stops() const;
  [[nodiscard]] delivery::CauseClock waited_for_command(const LoggedRecipient& one, WallTime accepted_at) const;
  [[nodiscard]] delivery::WhyFacts begin_facts(std::string subject);

  Invocation& call_;
  settings::SettingsPointer settings_;
  std::string log_folder_;
  WallTime now_;
  delivery::WhyAnswer answer_;
  std::shared_ptr<const directory::Snapshot> directory_;
  std::optional<delivery::NextHop> hop_;  // of the last plan
  std::vector<std::string> hosts_;
  std::vector<io::IpAddress> addresses_;  // of them
};

}  // namespace hikyaku::cli
