// One number for a workgroup of a dispatch that is [x, y, 1] because x alone may not exceed 65,535.
// The grid may hold a few workgroups more than were asked for, so callers compare with their count.

fn linear_workgroup(workgroup: vec3<u32>, counts: vec3<u32>) -> u32 {
  return workgroup.y * counts.x + workgroup.x;
}
