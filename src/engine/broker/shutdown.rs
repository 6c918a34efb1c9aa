//! Controlled shutdown (`KafkaServer.controlledShutdown`): leaderships are handed over, logs are
//! closed, the session is ended; then the process exits.

use crate::engine::broker::{Broker, Phase};
use crate::engine::disk::Disk;
use crate::engine::event::TimerPurpose;
use crate::engine::node::{Ctx, Timer};
use crate::engine::time::Micros;

/// Tag of the timer after which a stopping broker no longer waits for anybody.
pub const GIVE_UP_TAG: u64 = 1 << 40;
/// How long that is: past the retries of controlled shutdown and ZooKeeper's answer.
const GIVE_UP_AFTER: Micros = Micros(60_000_000);

impl Broker {
    /// SIGTERM.
    pub fn stop(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        let give_up = Timer { purpose: TimerPurpose::RequestTimeout, tag: GIVE_UP_TAG };
        ctx.set_timer(GIVE_UP_AFTER, give_up);
        let serves = self.phase == Phase::Running;
        if serves && self.config.controlled_shutdown_enable {
            self.phase = Phase::HandingOver;
            self.control.begin_shutdown(ctx);
        } else {
            self.close(ctx, disk);
        }
        self.after_control(ctx, disk);
    }

    /// The controller has taken what it could: close and leave.
    pub(super) fn close(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        if self.phase == Phase::Closing {
            return;
        }
        self.phase = Phase::Closing;
        self.fetchers.clear();
        self.close_logs(disk, ctx.wall_ms());
        self.control.close_session(ctx);
    }
}
