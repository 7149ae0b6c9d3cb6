// Every event of Hikyaku. The reference docs/reference/events.md is generated from all_events(); add an event by adding
// a line here and its name to the list in events.cc (a test counts both).
#pragma once

#include <span>

#include "services/telemetry/event.h"

namespace hikyaku::telemetry::events {

// ---- reception ----------------------------------------------------------------------------------------------------
inline constexpr Event connection_opened{"connection.opened", Level::Info, LogName::AcceptLog,
    "A client connected.", "クライアントが接続した。"};
inline constexpr Event connection_refused{"connection.refused", Level::Warning, LogName::AcceptLog,
    "A connection was turned away before it began.", "接続を開始前に断った。"};
inline constexpr Event connection_closed{"connection.closed", Level::Info, LogName::AcceptLog,
    "A connection ended.", "接続が終わった。"};
inline constexpr Event transaction_ok{"transaction.ok", Level::Info, LogName::AcceptLog,
    "A message was taken from this client.", "このクライアントからメールを受け取った。"};
inline constexpr Event transaction_aborted{"transaction.aborted", Level::Info, LogName::AcceptLog,
    "A transaction ended without a message.", "メールを受け取らずに取引が終わった。"};
inline constexpr Event mail_accepted{"mail.accepted", Level::Info, LogName::InLog,
    "A message is on stable storage and was answered 250.", "メールを確実に保存し、250 を返した。"};
inline constexpr Event mail_generated{"mail.generated", Level::Info, LogName::InLog,
    "A message was made here (a bounce, a notice, a copy for who an address leads to).", "このサーバがメールを作った(不達通知、転送やメーリングリストの写しなど)。"};
inline constexpr Event command_refused{"command.refused", Level::Info, LogName::ReceiveLog,
    "A command was refused.", "コマンドを断った。"};
inline constexpr Event recipient_refused{"recipient.refused", Level::Info, LogName::ReceiveLog,
    "A recipient was refused; text says so when the client hears it only after the text (escrow).", "宛先を断った。本文の後で応答する場合(預かり)は text に示す。"};
inline constexpr Event recipient_asked{"recipient.asked", Level::Info, LogName::ReceiveLog,
    "The inner server of a relay domain was asked for a user.", "中継先のサーバに宛先の有無を尋ねた。"};
inline constexpr Event mail_refused{"mail.refused", Level::Info, LogName::ReceiveLog,
    "A message was refused after its text.", "本文のあとでメールを断った。"};
inline constexpr Event mail_postponed{"mail.postponed", Level::Warning, LogName::ReceiveLog,
    "A message was answered 4xx for a trouble of ours.", "こちらの都合で 4xx を返した。"};
inline constexpr Event rule_found{"rule.found", Level::Info, LogName::ReceiveLog,
    "A rule of the policy found something (mode: whether it is in force, or in shadow, where it has no effect).", "受信ポリシーの規則に該当した(mode が shadow なら記録のみ)。"};
inline constexpr Event mail_checked{"mail.checked", Level::Info, LogName::ReceiveLog,
    "What could be proved of a message (SPF, DKIM, ARC, DMARC).", "メールの認証を検査した(SPF、DKIM、ARC、DMARC)。"};
inline constexpr Event virus_found{"virus.found", Level::Warning, LogName::ReceiveLog,
    "The scanner found a virus in a message; text is its name, reply what the client was answered.",
    "スキャナがメールにウイルスを見つけた。text はその名前、reply は相手への応答。"};
inline constexpr Event scan_failed{"scan.failed", Level::Warning, LogName::ReceiveLog,
    "A message could not be scanned for viruses; reason says why, reply what was answered (none: it was taken with a mark).",
    "メールをウイルススキャンできなかった。reason はその理由、reply は応答(なければ印を付けて受け取った)。"};
inline constexpr Event filter_failed{"filter.failed", Level::Warning, LogName::ReceiveLog,
    "A program that is asked about mail (text) did not say; reason says why, reply what was answered (none: the mail went on).",
    "メールについて問い合わせたプログラム(text)から判定を得られなかった。reason はその理由、reply は応答(なければそのまま続けた)。"};
inline constexpr Event filter_changed{"filter.changed", Level::Info, LogName::ReceiveLog,
    "A program that is asked about mail (text) changed a message; reason says what.", "メールについて問い合わせたプログラム(text)がメールを変更した。reason はその内容。"};
inline constexpr Event mail_quarantined{"mail.quarantined", Level::Warning, LogName::InLog,
    "A message was put into quarantine and answered 250; reason says why.", "メールを隔離し、250 を返した。reason はその理由。"};
inline constexpr Event escrow_kept{"escrow.kept", Level::Info, LogName::InLog,
    "An encrypted copy of a mail that a rule put off is kept; reply is what its sender is answered.", "規則により保留したメールの控えを暗号化して預かった。reply は送信者への応答。"};
inline constexpr Event escrow_missed{"escrow.missed", Level::Info, LogName::ReceiveLog,
    "No copy of a mail that a rule put off is kept; reason says why.", "規則により保留したメールの控えを預からなかった。reason はその理由。"};
inline constexpr Event escrow_passed{"escrow.passed", Level::Info, LogName::InLog,
    "A mail of which a copy is in escrow (parent) was sent again and taken; the copy goes.", "控えを預かっていた(parent)メールが再送され、受け取った。控えは消す。"};
inline constexpr Event escrow_repeated{"escrow.repeated", Level::Info, LogName::InLog,
    "A mail that was released from escrow was sent again: it was answered 250 and is not delivered a second time.", "控えを解放したメールが再送された。250 を返し、二重には配送しない。"};
inline constexpr Event list_off{"list.off", Level::Warning, LogName::ServiceLog,
    "A DNS list is not what it should be and is not asked until it is; destination is its zone, reason what was found.",
    "DNS リストが正常でないため、回復するまで使わない。destination はゾーン、reason は判明したこと。"};
inline constexpr Event list_on{"list.on", Level::Info, LogName::ServiceLog,
    "A DNS list that was left alone is sound and is asked again.", "使用を止めていた DNS リストが回復したため、再び使う。"};
inline constexpr Event subscription_changed{"subscription.changed", Level::Info, LogName::ServiceLog,
    "A published list that is followed has changed, and its rows with it; text is its name, reason how many.", "購読中の公開リストの変更を取り込んだ。text はその名前、reason は件数。"};
inline constexpr Event subscription_waits{"subscription.waits", Level::Warning, LogName::ServiceLog,
    "A published list that is followed could not be had, or would change so much that it waits for `hikyaku policy refresh --accept`; text is its name, reason says why.",
    "購読中の公開リストを取得できない、または変更が大きすぎるため hikyaku policy refresh --accept を待っている。text はその名前、reason はその理由。"};
inline constexpr Event smtp_login{"smtp.login", Level::Info, LogName::ReceiveLog,
    "A client logged in to send.", "送信のためにログインした。"};
inline constexpr Event smtp_login_failed{"smtp.login_failed", Level::Warning, LogName::ReceiveLog,
    "A login to send failed.", "送信のためのログインに失敗した。"};
inline constexpr Event flush_wanted{"flush.wanted", Level::Info, LogName::ReceiveLog,
    "A client asked by ETRN for the mail that waits for a domain.", "ETRN でドメイン宛に待っているメールの送信を求められた。"};
inline constexpr Event receive_said{"receive.said", Level::Trace, LogName::ReceiveLog,
    "A line of the conversation while receiving.", "受信中の会話の 1 行。"};

// ---- delivery -----------------------------------------------------------------------------------------------------
inline constexpr Event delivery_deferred{"delivery.deferred", Level::Info, LogName::SenderLog,
    "An attempt failed and will be repeated.", "配送できず、再送を予約した。"};
inline constexpr Event delivery_held{"delivery.held", Level::Info, LogName::SenderLog,
    "A hold keeps this mail; it was not tried.", "保留の対象なので配送を試みずに保管した。"};
inline constexpr Event hold_proposed{"hold.proposed", Level::Warning, LogName::ServiceLog,
    "A next hop of the route table has not answered for a while; a hold would stop the clocks of its mail.",
    "経路表の配送先がしばらく応答しない。保留すれば期限の進行を止められる。"};
inline constexpr Event policy_missing{"tls.policy_missing", Level::Warning, LogName::SenderLog,
    "A domain announces a policy about TLS that cannot be had; what was known before counts on.",
    "ドメインが TLS ポリシーを公開しているが取得できなかった。すでに知っているポリシーがあればそれに従う。"};
inline constexpr Event tls_report_failed{"tls.report_failed", Level::Warning, LogName::SenderLog,
    "A report about TLS was not taken where its domain wants it.", "TLS の報告を、相手ドメインの指定した宛先が受け取らなかった。"};
inline constexpr Event sender_said{"sender.said", Level::Trace, LogName::SenderLog,
    "A line of the conversation while sending.", "送信中の会話の 1 行。"};
inline constexpr Event mail_sent{"mail.sent", Level::Info, LogName::OutLog,
    "The next hop took the message for this recipient.", "相手サーバがこの宛先のメールを受け取った。"};
inline constexpr Event mail_delivered{"mail.delivered", Level::Info, LogName::OutLocalLog,
    "The message is in this recipient's mailbox.", "宛先のメールボックスに入れた。"};
inline constexpr Event delivery_confirmed{"delivery.confirmed", Level::Debug, LogName::OutLocalLog,
    "After a start, the copy made before is in this recipient's mailbox.", "起動後の確認: 以前に配送したメールがメールボックスにある。"};
inline constexpr Event mail_expanded{"mail.expanded", Level::Info, LogName::OutLocalLog,
    "The message goes on to where this recipient leads, as new mails; count is their recipients, text their ids.",
    "この宛先の転送先・メンバー宛の新しいメールになった。count は宛先の数、text は新しいメールの追跡 ID。"};
inline constexpr Event mail_failed{"mail.failed", Level::Info, LogName::FailLog,
    "Delivery to this recipient was given up.", "この宛先への配送をあきらめた。"};

// ---- reading ------------------------------------------------------------------------------------------------------
inline constexpr Event pop3_login{"pop3.login", Level::Info, LogName::Pop3Log, "A client logged in.", "ログインした。"};
inline constexpr Event pop3_login_failed{"pop3.login_failed", Level::Warning, LogName::Pop3Log,
    "A login failed.", "ログインに失敗した。"};
inline constexpr Event pop3_command{"pop3.command", Level::Debug, LogName::Pop3Log, "A command was carried out.",
    "コマンドを実行した。"};
inline constexpr Event pop3_closed{"pop3.closed", Level::Info, LogName::Pop3Log,
    "A session ended; count is the messages deleted.", "セッションが終わった。count は削除した通数。"};
inline constexpr Event imap_login{"imap.login", Level::Info, LogName::Imap4Log, "A client logged in.", "ログインした。"};
inline constexpr Event imap_login_failed{"imap.login_failed", Level::Warning, LogName::Imap4Log,
    "A login failed.", "ログインに失敗した。"};
inline constexpr Event imap_command{"imap.command", Level::Debug, LogName::Imap4Log, "A command was carried out.",
    "コマンドを実行した。"};
inline constexpr Event imap_closed{"imap.closed", Level::Info, LogName::Imap4Log, "A session ended.",
    "セッションが終わった。"};

inline constexpr Event login_unproven{"login.unproven", Level::Warning, LogName::ServiceLog,
    "A process handed over a client without proof that it logged in; the client was told to try again.",
    "ログインの証明なしにクライアントが引き渡された。クライアントには再試行を促した。"};

// ---- operators ----------------------------------------------------------------------------------------------------
inline constexpr Event queue_changed{"queue.changed", Level::Info, LogName::ServiceLog,
    "An operator changed the queue, or a hold began or ended by itself as planned; count is the recipients a command was done to.", "管理者がキューを操作した、または保留が予定どおり始まった・終わった。count は操作の対象の宛先の数。"};
inline constexpr Event directory_changed{"directory.changed", Level::Info, LogName::ServiceLog,
    "An operator changed the directory.", "管理者がディレクトリを変更した。"};

// ---- services -----------------------------------------------------------------------------------------------------
inline constexpr Event service_started{"service.started", Level::Info, LogName::ServiceLog, "A service is ready.",
    "サービスが準備を終えた。"};
inline constexpr Event service_stopping{"service.stopping", Level::Info, LogName::ServiceLog,
    "A service finishes what is open and stops.", "サービスが処理中のものを終えて止まる。"};
inline constexpr Event service_stopped{"service.stopped", Level::Info, LogName::ServiceLog, "A service has stopped.",
    "サービスが止まった。"};
inline constexpr Event service_died{"service.died", Level::Error, LogName::ServiceLog,
    "A service ended unexpectedly and will be started again.", "サービスが異常終了した。再起動する。"};
inline constexpr Event server_ended{"server.ended", Level::Error, LogName::ServiceLog,
    "The server before this one ended without saying so: killed, or with the machine; since: when it was last heard of.",
    "前のサーバが終了を告げずに終わっていた(強制終了、または機械ごと停止)。since は最後に動作を確認した時刻。"};
inline constexpr Event control_ended{"control.ended", Level::Error, LogName::ServiceLog,
    "The control process ended by itself and was started again; the services went on. Commands were not answered from since until now.",
    "制御プロセスが異常終了し、再起動した。各サービスは動き続けた。since から今までコマンドに応答できなかった。"};
inline constexpr Event service_unconfined{"service.unconfined", Level::Warning, LogName::ServiceLog,
    "A service runs without its full confinement.", "サービスが本来の制限の一部またはすべてなしで動いている。"};
inline constexpr Event service_failed{"service.failed", Level::Error, LogName::ServiceLog,
    "A service could not start.", "サービスを開始できなかった。"};
inline constexpr Event settings_reloaded{"settings.reloaded", Level::Info, LogName::ServiceLog,
    "New settings are in force.", "新しい設定が有効になった。"};
inline constexpr Event settings_refused{"settings.refused", Level::Error, LogName::ServiceLog,
    "New settings were refused; the old ones stay in force.", "新しい設定を断った。前の設定のまま動く。"};
inline constexpr Event tls_refused{"tls.refused", Level::Error, LogName::ServiceLog,
    "The certificate of [tls] cannot be used. The former one stays in force; without a former one there is no TLS until the files are repaired and `hikyaku config reload` was given.",
    "[tls] の証明書を使えない。前の証明書のまま動く。前のものがなければ、ファイルを直して hikyaku config reload を実行するまで TLS を提供しない。"};
inline constexpr Event bug_found{"bug.found", Level::Error, LogName::ServiceLog,
    "A check of our own failed; the connection or task was closed.", "内部検査に失敗した。その接続または処理を閉じた。"};
inline constexpr Event schedule_restored{"schedule.restored", Level::Info, LogName::ServiceLog,
    "Every deferred recipient has its timer again.", "再送待ちの宛先すべての予定を復元した。"};
inline constexpr Event clock_set{"clock.set", Level::Warning, LogName::ServiceLog,
    "The machine's clock was set; delivery begins anew with its time, and no period is shorter for it.",
    "時計の時刻が変更された。その時刻で配送を始め直す。再送の期間は短くならない。"};
inline constexpr Event quarantine_changed{"quarantine.changed", Level::Info, LogName::ServiceLog,
    "A quarantined message was released (as the mail named by message, parent being its id there), deleted, or became too old; text says which.",
    "隔離したメールを解放(message は新しい追跡 ID、parent は隔離時の ID)、削除、または期限切れで削除した。text はその別。"};
inline constexpr Event escrow_changed{"escrow.changed", Level::Info, LogName::ServiceLog,
    "A copy in escrow was released (as the mail named by message, parent being its id there), deleted, or let go; text says which.",
    "預かった控えを解放(message は新しい追跡 ID、parent は預かりの ID)、または消した。text はその別。"};
inline constexpr Event quarantine_full{"quarantine.full", Level::Error, LogName::ServiceLog,
    "The quarantine has reached its size; what is to go there is answered 452 until there is room.", "隔離領域が上限に達した。空きができるまで、隔離すべきメールには 452 を返す。"};
inline constexpr Event patterns_updated{"patterns.updated", Level::Info, LogName::ServiceLog,
    "New virus patterns passed their test and are in force; text names them.", "新しいウイルスパターンが検査に合格し、有効になった。text はその名前。"};
inline constexpr Event patterns_refused{"patterns.refused", Level::Error, LogName::ServiceLog,
    "New virus patterns failed their test, or could not be had; the old ones stay in force. reason says why.",
    "新しいウイルスパターンが検査に不合格、または入手できなかった。前のパターンのまま動く。reason はその理由。"};
inline constexpr Event patterns_rolled_back{"patterns.rolled_back", Level::Warning, LogName::ServiceLog,
    "Earlier virus patterns are in force again; text names them.", "以前のウイルスパターンに戻した。text はその名前。"};
inline constexpr Event patterns_stale{"patterns.stale", Level::Error, LogName::ServiceLog,
    "The virus patterns in force are older than [virusdb] stale.", "有効なウイルスパターンが [virusdb] stale より古い。"};
inline constexpr Event storage_trouble{"storage.trouble", Level::Error, LogName::ServiceLog,
    "The disk or the store failed to answer.", "ディスクまたはストアが応答しない。"};
inline constexpr Event signer_away{"signer.away", Level::Error, LogName::ServiceLog,
    "The service signer does not sign; what must be signed waits, or goes without, as [signing] when_away says.",
    "signer サービスが署名しない。署名が必要なメールは、[signing] when_away に従って待つか、署名なしで送られる。"};
inline constexpr Event signer_back{"signer.back", Level::Info, LogName::ServiceLog,
    "The service signer signs again; since says when it stopped.", "signer サービスが署名を再開した。since は止まった時刻。"};
inline constexpr Event key_unusable{"signer.key_unusable", Level::Error, LogName::ServiceLog,
    "A private DKIM key that mail is to be signed with is missing or cannot be read.", "署名に使う DKIM の秘密鍵がないか、読めない。"};
inline constexpr Event mail_unsigned{"mail.unsigned", Level::Warning, LogName::ServiceLog,
    "A mail that should be signed leaves without a signature; reason says why.", "署名すべきメールを署名なしで送る。理由は reason。"};
inline constexpr Event dkim_key_active{"dkim.key_active", Level::Info, LogName::ServiceLog,
    "DNS shows the record of a prepared DKIM key: it signs from now on, and the one before it of its algorithm is retired.",
    "準備済みの DKIM 鍵のレコードが DNS で確認できたため、以後この鍵で署名する。同じ方式の以前の鍵は引退した。"};
inline constexpr Event bodies_collected{"bodies.collected", Level::Info, LogName::ServiceLog,
    "Bodies in an account that no message names were removed; count is how many.",
    "アカウント内のどのメールにも属さない本文を削除した。count はその数。"};
inline constexpr Event alias_target_lost{"alias.target_lost", Level::Warning, LogName::ServiceLog,
    "An alias has a target that gets no mail, beside others that do.", "別名の転送先の一部にメールが届かない。"};
inline constexpr Event hold_made{"hold.made", Level::Warning, LogName::ServiceLog,
    "A next hop of the route table has not answered for a while: its mail is held, as [delivery] automatic_hold says.",
    "経路表の配送先がしばらく応答しないため、[delivery] automatic_hold の設定によりメールを保留した。"};
inline constexpr Event hold_released{"hold.released", Level::Info, LogName::ServiceLog,
    "A host whose mail was held automatically answers again: the hold was released.", "自動で保留した配送先が応答したため、保留を解除した。"};
inline constexpr Event alarm_raised{"alarm.raised", Level::Warning, LogName::ServiceLog,
    "A threshold of [alarm] is passed.", "[alarm] のしきい値を超えた。"};
inline constexpr Event alarm_cleared{"alarm.cleared", Level::Info, LogName::ServiceLog,
    "An alarm is over.", "警報が解消した。"};
inline constexpr Event alarm_untold{"alarm.untold", Level::Error, LogName::ServiceLog,
    "A notice of an alarm could not be passed on and was given up.", "警報を通知できず、あきらめた。"};
inline constexpr Event owner_wrong{"owner.wrong", Level::Error, LogName::ServiceLog,
    "A recipient that waits is owned twice or not at all: a bug of ours.", "待っている宛先の担当が二重、または無い(内部の誤り)。"};
inline constexpr Event disk_low{"disk.low", Level::Error, LogName::ServiceLog,
    "Reception answers 452: free disk is below the reserve, or the disk takes mail too slowly; reason says which. What it took is delivered meanwhile.",
    "受信に 452 を返している。空き容量が予備を下回ったか、ディスクへの書き込みが間に合わない(reason はその別)。受信済みのメールの配送は続く。"};
inline constexpr Event disk_enough{"disk.enough", Level::Info, LogName::ServiceLog,
    "Reception takes mail again: the disk has room and keeps up; since says when it did not.", "ディスクの不足または遅れが解消し、受信を再開した。since はその始まり。"};
inline constexpr Event checker_away{"checker.away", Level::Error, LogName::ServiceLog,
    "A program that judges mail before it is taken (text: clamd, or a row of [filters]) failed several times in a row; what happens with mail meanwhile is its setting. reason says why.",
    "受信前にメールを判定するプログラム(text: clamd、または [filters] の行)が続けて失敗した。その間のメールの扱いは設定による。reason はその理由。"};
inline constexpr Event checker_back{"checker.back", Level::Info, LogName::ServiceLog,
    "A program that judges mail (text) answers again; since says when it stopped.", "メールを判定するプログラム(text)が再び応答した。since は応答しなくなった時刻。"};
inline constexpr Event peer_trouble{"peer.trouble", Level::Warning, LogName::ServiceLog,
    "Another service did not answer.", "他のサービスが応答しない。"};
inline constexpr Event log_dropped{"log.dropped", Level::Error, LogName::ServiceLog,
    "Log lines were dropped because the disk was too slow; count is how many.",
    "ディスクが遅くログを捨てた。count はその行数。"};
inline constexpr Event log_suppressed{"log.suppressed", Level::Warning, LogName::ServiceLog,
    "An error repeated too often and was not written; count is how many times.",
    "同じエラーが繰り返され記録を省いた。count は回数。"};

}  // namespace hikyaku::telemetry::events

namespace hikyaku::telemetry {

[[nodiscard]] std::span<const Event* const> all_events();
[[nodiscard]] const Event* find_event(std::string_view name);

}  // namespace hikyaku::telemetry
