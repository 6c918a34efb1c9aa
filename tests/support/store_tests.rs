//! The names of the suite's tests, handed to whoever runs them: so that no platter misses one.

macro_rules! every_store_test {
    ($run:ident) => {
        $run! {
            what_was_saved_is_there_for_the_next_page
            truncating_renaming_replacing_and_deleting_are_kept
            any_changes_are_kept_over_any_reloads
            sessions_do_not_touch_each_other_and_can_be_forgotten
            a_second_page_on_the_same_session_is_told_that_it_is_held
            a_session_that_is_not_open_is_not_written
            futures_are_kept_until_others_are_written
            sessions_are_listed_with_what_is_kept_of_them
            a_title_outlives_the_beginning_of_another_world
            everything_goes_into_a_file_and_comes_out_of_it
            a_file_never_writes_over_what_is_kept
            a_damaged_file_is_refused_as_a_whole
            what_another_page_holds_is_not_forgotten
        }
    };
}
pub(crate) use every_store_test;
